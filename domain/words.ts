/** How decisions are put into words: one line of plain English each, for whoever asks "why was I charged?" (A15). */
import type { AutoReloadStatus } from './autoReload';
import type { Reason } from './gate';

/** @param amount a decimal string: `"-12.50"` is -$12.50 */
export const dollars = (amount: string): string => (amount.startsWith('-') ? `-$${amount.slice(1)}` : `$${amount}`);

const reasonWords: Record<Reason, string> = {
  balance_exhausted: 'the balance is used up',
  admin_suspended: 'an admin has suspended the account',
  payment_disputed: 'a payment is disputed',
  account_closed: 'the account is closed',
};
export const reasonsInWords = (reasons: readonly Reason[]): string =>
  reasons.map((reason) => reasonWords[reason]).join(' and ');

export const statusInWords: Record<AutoReloadStatus, string> = {
  off: 'auto-reload is off',
  on: 'auto-reload is on',
  paused: 'auto-reload is paused',
  disabled_after_failures: 'auto-reload was turned off after failed charges',
};

/** A bank account's brand is its type at Stripe; it is called so. */
const accountNames = new Map([
  ['us_bank_account', 'US bank account'],
  ['sepa_debit', 'SEPA bank account'],
  ['acss_debit', 'Canadian bank account'],
  ['au_becs_debit', 'Australian bank account'],
  ['bacs_debit', 'UK bank account'],
  ['nz_bank_account', 'New Zealand bank account'],
]);

/** `Visa ending in 4242`, `US bank account ending in 6789`; the name alone where a method has no number, such as a wallet. */
export function methodInWords(brand: string, last4: string): string {
  const name = accountNames.get(brand) ?? `${brand.charAt(0).toUpperCase()}${brand.slice(1).replaceAll('_', ' ')}`;
  return last4 === '' ? name : `${name} ending in ${last4}`;
}

/** Begins with a capital and ends with a full stop. */
export const asSentence = (text: string): string =>
  `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;

/** `10000000000` → `10,000,000,000`. */
export const groupDigits = (count: number): string => count.toString().replace(/\B(?=(\d{3})+$)/g, ',');
