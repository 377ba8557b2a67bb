import { useQuery } from '@tanstack/react-query';
import { lastReloadsQuery, type Attempt } from '../../api/autoReload';
import { triedCard, whyDeclined } from '../../features/payment/card';
import { useAccountId } from '../../session/session';
import { text } from '../../text';

const SHOWN = 5;

/** The last reloads; all of them are on the page of payments. */
export const useLastReloads = () => useQuery(lastReloadsQuery(useAccountId(), SHOWN));

/** Which card the last attempt was made with, and why it was declined; null: none was. */
export function lastDecline(attempts: readonly Attempt[]): string | null {
  const last = attempts.findLast(({ outcome }) => outcome === 'declined');
  return last === undefined
    ? null
    : text.overview.declined(triedCard(last), whyDeclined(last) ?? text.payments.declined);
}
