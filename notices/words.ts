/** How mails write money, times, cards and other people's sentences. */
import { parseBalance } from '../domain/money';
import { methodInWords } from '../domain/words';

const NANO_PER_CENT = 10_000_000n;
const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const;

/** `"1234.567"` → `$1,234.56`: whole cents, rounded down, so that a mail never promises more than there is. */
export function dollars(amount: string): string {
  const nano = parseBalance(amount);
  const cents = nano / NANO_PER_CENT - (nano % NANO_PER_CENT < 0n ? 1n : 0n);
  const absolute = cents < 0n ? -cents : cents;
  const whole = (absolute / 100n).toString().replace(/\B(?=(\d{3})+$)/g, ',');
  return `${cents < 0n ? '-' : ''}$${whole}.${(absolute % 100n).toString().padStart(2, '0')}`;
}

/** `2026-11-21T14:05:09.000Z` → `21 November 2026 at 14:05 UTC`. */
export function utc(iso: string): string {
  const time = new Date(iso);
  return `${time.getUTCDate()} ${months[time.getUTCMonth()]} ${time.getUTCFullYear()} at ${time.toISOString().slice(11, 16)} UTC`;
}

/** `Visa ending in 4242`, or undefined when the card is not known. */
export function cardName({ brand, last4 }: { brand?: string; last4?: string }): string | undefined {
  if (last4 === undefined) return undefined;
  return methodInWords(brand ?? 'card', last4);
}

/** One line that ends in one full stop: what banks and people write comes with or without. */
export function sentence(text: string): string {
  const line = oneLine(text);
  return /[.!?]$/.test(line) ? line : `${line}.`;
}

/** Line breaks and runs of blanks become one blank: in a subject they would begin a new header. */
export const oneLine = (text: string): string => text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
