/** Marks a card that was declined for good, under every id that it is saved by (A11). */
import type { Tx } from '../db';

/** What a method is declined with that is gone at the provider: it says nothing about the card, which may be saved again. */
export const GONE = 'payment_method_not_available';

/**
 * By fingerprint, up to the expiry that was declined: the same number with a later one is a renewed card, and may be
 * charged. A bank account has no expiry, so its mark holds until `clearMark`. The caller holds the account's lock.
 * @param code the decline's
 */
export async function markUnusable(
  tx: Tx,
  { accountId, methodId }: { accountId: string; methodId: string },
  code: string,
): Promise<void> {
  await tx.query(
    `update payment_methods m set unusable_because = $3 from payment_methods declined
     where declined.id = $2 and m.account_id = $1 and m.unusable_because is null
       and (m.id = declined.id or $3 <> '${GONE}' and m.fingerprint = declined.fingerprint
         and coalesce((m.exp_year, m.exp_month) <= (declined.exp_year, declined.exp_month), true))`,
    [accountId, methodId, code],
  );
}
