/** Clears the mark of a card that was declined for good, because it can be charged again after all (A11). */
import type { Tx } from '../db';

/**
 * After a successful charge, or the provider's word that the card was updated. Clears it under every id that this card,
 * number and expiry, is saved by. Returns whether one was marked. The caller holds the account's lock.
 * @param methodId one that is not saved (any more) clears nothing
 */
export async function clearMark(tx: Tx, accountId: string, methodId: string | null): Promise<boolean> {
  const { rowCount } = await tx.query(
    `update payment_methods m set unusable_because = null from payment_methods good
     where good.id = $2 and good.account_id = $1 and m.account_id = $1 and m.unusable_because is not null
       and (m.id = good.id or m.fingerprint = good.fingerprint
         and (m.exp_year, m.exp_month) is not distinct from (good.exp_year, good.exp_month))`,
    [accountId, methodId],
  );
  return rowCount !== 0;
}
