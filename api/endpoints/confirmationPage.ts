/** What the page says on which an owner confirms a payment: who asks, for how much, and what has become of it. */
import escapeHtml from 'escape-html';
import { formatCents } from '../../domain/money';
import { methodInWords } from '../../domain/words';
import { QUARANTINED } from './quarantined';
import type { Payment } from '../../ledger/payments/payment';
import type { Confirmation } from '../../ledger/payments/readConfirmation';
import { page } from '../http/html';

/** @param note what the last try ended with, in a sentence; null when there was none */
export function askPage(payment: Payment, confirmation: Confirmation, note: string | null): string {
  const { title, what } = PURPOSES[payment.purpose];
  return page(
    title,
    [
      `<h1>${title}</h1>`,
      `<p>${what} Your bank asks you to confirm it. Nothing is charged until you do.</p>`,
      `<p class="amount">$${formatCents(payment.cents)}</p>`,
      facts(payment, confirmation),
      note === null ? '' : `<p class="note" role="alert">${escapeHtml(note)}</p>`,
      '<form method="post"><button type="submit">Continue to your bank</button></form>',
      '<p><small>You are led to a page of our payment provider, and back here. If you did not expect this, just close the page.</small></p>',
    ].join(''),
  );
}

const PURPOSES = {
  reload: {
    title: 'Confirm an automatic reload',
    what: 'Auto-reload wants to add money to the balance of your account at Ballast.',
  },
  prepayment: {
    title: 'Confirm a prepayment',
    what: 'Somebody with the owner role of your account wants to add money to its balance at Ballast.',
  },
} as const;

/** The payment does not wait for its owner: because it is over, or because something else is under way. */
export function outcomePage(payment: Payment, confirmation: Confirmation): string {
  const { title, text } = outcomes[payment.status](payment);
  return page(
    title,
    `<h1>${title}</h1><p>${escapeHtml(text)}</p>${facts(payment, confirmation)}<p>You can close this page, or <a href="/">go to Ballast</a>.</p>`,
  );
}

const outcomes: Record<Payment['status'], (payment: Payment) => { title: string; text: string }> = {
  succeeded: ({ cents }) => ({
    title: 'Thank you',
    text: `The payment of $${formatCents(cents)} is made and was added to the balance.`,
  }),
  failed: ({ declineMessage }) => ({
    title: 'The payment was not made',
    text: `Nothing was charged. ${declineMessage ?? ''}`.trim(),
  }),
  canceled: () => ({
    title: 'Nothing to confirm any more',
    text: 'This payment is no longer needed and was canceled. Nothing was charged.',
  }),
  quarantined: () => ({
    title: 'The payment is being looked at',
    text: QUARANTINED,
  }),
  processing: () => ({
    title: 'The payment is being processed',
    text: 'There is nothing to confirm at the moment. Look again in a while.',
  }),
  requires_action: () => ({
    title: 'Not at the moment',
    text: 'The payment provider does not answer. Nothing was charged; please try again in a while.',
  }),
};

export const unknownPage = (): string =>
  page(
    'No such link',
    '<h1>There is nothing at this link</h1><p>It is not complete. Please open it from the mail once more.</p>',
  );

function facts({ cents }: Payment, { accountName, card }: Confirmation): string {
  const rows = [
    ['Account', accountName],
    ['Amount', `$${formatCents(cents)}`],
    ...(card === null ? [] : [['Card', methodInWords(card.brand, card.last4)]]),
  ] as const;
  return `<dl>${rows.map(([label, value]) => `<dt>${label}</dt><dd>${escapeHtml(value)}</dd>`).join('')}</dl>`;
}
