import { useQuery } from '@tanstack/react-query';
import { lastReloadsQuery, type Attempt, type Reload } from '../../api/autoReload';
import { triedCards, whyDeclined } from '../../features/payment/card';
import { useAccountId } from '../../session/session';
import { text } from '../../text';

const words = text.overview;
const SHOWN = 5;

/** The last reloads; all of them are on the page of payments. */
export const useLastReloads = () => useQuery(lastReloadsQuery(useAccountId(), SHOWN));

const lastTries = (attempts: readonly Attempt[]): readonly Attempt[] =>
  attempts.filter(({ attempt }) => attempt === attempts.at(-1)?.attempt);

/** Each card that the last attempt was made with in vain, the primary first, and why it was declined; null: none was. */
export function lastDeclines(attempts: readonly Attempt[]): string | null {
  const nameOf = triedCards(attempts);
  const declined = lastTries(attempts)
    .filter(({ outcome }) => outcome === 'declined')
    .map((one) => words.declined(nameOf(one), whyDeclined(one) ?? text.payments.declined));
  return declined.length === 0 ? null : declined.join('; ');
}

/** A reload that was paid by the second card that was asked. `declinedId`: the first one. */
export type PaidByBackup = { card: string; declined: string; declinedId: string };

/** Null: it is not paid, or the first card paid it. */
export function paidByBackup({ status, attempts }: Reload): PaidByBackup | null {
  const tries = lastTries(attempts);
  const paid = tries.find(({ outcome }) => outcome === 'succeeded');
  const first = tries.find(({ outcome }) => outcome === 'declined');
  if (status !== 'succeeded' || !paid || !first) return null;
  return { card: triedCards(attempts)(paid), declined: lastDeclines(attempts)!, declinedId: first.method };
}
