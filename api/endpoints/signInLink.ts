/** The page behind a link to sign in. Mail programs and scanners open links by themselves: so only its button signs in. */
import escapeHtml from 'escape-html';
import { z } from 'zod';
import { transaction } from '../../ledger/db';
import { beginSession } from '../../ledger/sessions/beginSession';
import { listSignInMembers, type SignInMember } from '../../ledger/sessions/listSignInMembers';
import { readLink } from '../../ledger/sessions/readLink';
import { takeLink } from '../../ledger/sessions/takeLink';
import type { Reply } from '../http/endpoint';
import { page, PRIVATE_PAGE_HEADERS } from '../http/html';
import { uuid } from '../http/schemas';
import { endpoint, type Uses } from '../services';
import { record } from './session';

const byToken = z.strictObject({ token: z.string().max(200) });
/** Of this page's own: its button's request then says where it comes from. Nothing is loaded that could tell the address. */
const HEADERS = { ...PRIVATE_PAGE_HEADERS, 'Referrer-Policy': 'same-origin' };
const html = (status: number, body: string): Reply => ({ status, body, headers: HEADERS });

type Opened = { signInId: string; email: string; members: SignInMember[] };

export const show = endpoint({
  params: byToken,
  replies: { 200: null, 404: null },
  uses: ['pool', 'signIns'],
  texts: { 200: ['text/html'], 404: ['text/html'] },
  refusals: ['database_unavailable'],
  async handle({ params: { token } }, services) {
    const opened = await open(token, services);
    return opened ? html(200, askPage(opened)) : html(404, overPage());
  },
});

export const use = endpoint({
  params: byToken,
  query: z.strictObject({ member: uuid.optional() }),
  replies: { 200: null, 303: null, 404: null },
  uses: ['pool', 'signIns', 'cookies'],
  texts: { 200: ['text/html'], 404: ['text/html'] },
  refusals: ['cross_site_request', 'database_unavailable'],
  async handle({ params: { token }, query, header }, services) {
    const { pool, cookies } = services;
    cookies.requireSameOrigin(header, 'without_cookie');
    const opened = await open(token, services);
    if (opened && opened.members.length > 1 && query.member === undefined) return html(200, askPage(opened));
    const member = opened?.members.find(({ id }) => query.member === undefined || id === query.member);
    if (!opened || !member) return html(404, overPage());
    const session = await transaction(pool, async (tx) => {
      if (!(await takeLink(tx, opened.signInId))) return null;
      await record(tx, { ...member, name: member.email, memberId: member.id }, 'link');
      return beginSession(tx, { memberId: member.id, email: opened.email });
    });
    if (session === null) return html(404, overPage());
    return { status: 303, headers: { ...HEADERS, Location: '/', 'Set-Cookie': cookies.begin(session, header) } };
  },
});

/** Null for a link that is not ours, was used, is too old, or whose address is nobody's by now. */
async function open(token: string, { pool, signIns }: Uses<'pool' | 'signIns'>): Promise<Opened | null> {
  const link = signIns.read(token);
  const email = link && (await readLink(pool, link.signInId));
  if (!link || !email || !link.isFor(email)) return null;
  const members = await listSignInMembers(pool, email);
  return members.length > 0 ? { signInId: link.signInId, email, members } : null;
}

function askPage({ email, members }: Opened): string {
  const buttons = members.map(
    ({ id, accountName }) =>
      `<form method="post" action="?member=${id}"><p><button type="submit">Sign in to ${escapeHtml(accountName)}</button></p></form>`,
  );
  return page(
    'Sign in',
    `<h1>Sign in</h1><p>As <b>${escapeHtml(email)}</b>. The link works once.</p>${buttons.join('')}` +
      '<p><small>If you did not ask for this, just close the page: nobody is signed in by it.</small></p>',
  );
}
const overPage = (): string =>
  page(
    'No such link',
    '<h1>This link is over</h1><p>It works once and for 10 minutes. <a href="/">Ask for another one</a>.</p>',
  );
