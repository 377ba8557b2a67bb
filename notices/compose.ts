/** Makes a notice into a mail: subject, plain text and HTML that say the same. */
import escapeHtml from 'escape-html';
import type { Notice } from '../domain/notice';
import type { Letter } from './letters/letter';
import { letterOf } from './letters/letterOf';
import { oneLine } from './words';

export type Composed = { subject: string; text: string; html: string };

/** @param folds how many earlier notices of its kind it tells of too */
export function compose(notice: Notice, accountName: string, folds = 0): Composed {
  const letter = withFolds(letterOf(notice), folds, notice.kind === 'batch_ended' ? 'batches' : 'changes');
  // One address may belong to several accounts: a link to sign in names none.
  const account = notice.kind === 'sign_in_link' ? 'Ballast' : oneLine(accountName);
  const subject = `${account}: ${letter.subject}`;
  const footer = footerOf(notice, account);
  return { subject, text: asText(letter, footer), html: asHtml(letter, subject, footer) };
}

function footerOf({ kind }: Notice, account: string): string {
  if (kind === 'invitation') return `You get this mail because your address was entered for the account ${account}.`;
  if (kind === 'sign_in_link') return 'You get this mail because somebody asked to sign in with your address.';
  if (kind === 'limit_request_waiting')
    return 'You get this mail because you decide limit requests of this deployment.';
  if (kind === 'limit_request_decided')
    return `You get this mail as an owner of the account ${account}, or because you have asked for this.`;
  return `You get this mail as an owner of the account ${account}.`;
}

const withFolds = (letter: Letter, folds: number, what: string): Letter =>
  folds === 0
    ? letter
    : {
        ...letter,
        subject: `${letter.subject} (${folds + 1} ${what})`,
        paragraphs: [
          ...letter.paragraphs,
          `There were ${folds + 1} such ${what} since our last mail; this is the newest.`,
        ],
      };

function asText({ paragraphs, facts = [], link }: Letter, footer: string): string {
  const blocks = [
    ...paragraphs,
    ...(facts.length === 0 ? [] : [facts.map(([label, value]) => `${label}: ${value}`).join('\n')]),
    ...(link === undefined ? [] : [`${link.label}: ${link.url}`]),
    `-- \n${footer}`,
  ];
  return `${blocks.join('\n\n')}\n`;
}

/** One column of headings, paragraphs and a table of facts: readable by every mail program and aloud. */
function asHtml({ paragraphs, facts = [], link }: Letter, subject: string, footer: string): string {
  const rows = facts.map(
    ([label, value]) =>
      `<tr><th scope="row" style="text-align:left;font-weight:normal;padding:2px 16px 2px 0">${escapeHtml(label)}</th><td>${escapeHtml(value)}</td></tr>`,
  );
  return [
    '<!doctype html>',
    `<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(subject)}</title></head>`,
    '<body style="margin:0;padding:24px;font-family:sans-serif;font-size:16px;line-height:1.5;color:#1a1a1a;background:#ffffff">',
    '<main style="max-width:560px">',
    `<h1 style="font-size:20px">${escapeHtml(subject)}</h1>`,
    ...paragraphs.map((paragraph) => `<p>${escapeHtml(paragraph)}</p>`),
    ...(rows.length === 0 ? [] : [`<table style="border-collapse:collapse">${rows.join('')}</table>`]),
    ...(link === undefined
      ? []
      : [`<p><a href="${escapeHtml(link.url)}" style="color:#0b57d0">${escapeHtml(link.label)}</a></p>`]),
    `<p style="font-size:13px;color:#595959">${escapeHtml(footer)}</p>`,
    '</main></body></html>',
    '',
  ].join('\n');
}
