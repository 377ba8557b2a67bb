/** Clears the mark of a card that was declined for good, because it can be charged again after all (A11). */
import type { ChargedCard } from '../../domain/payment';
import type { Tx } from '../db';

/**
 * After a successful charge, or the provider's word that the card was updated. Clears it under every id that this card,
 * number and expiry, is saved by. Returns whether one was marked. The caller holds the account's lock.
 * @param methodId one that is not saved (any more) clears nothing by itself
 * @param charged what was charged: at Checkout a card has an id that is not saved
 */
export async function clearMark(
  tx: Tx,
  accountId: string,
  methodId: string | null,
  charged: ChargedCard | null = null,
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `update payment_methods m set unusable_because = null
     where m.account_id = $1 and m.unusable_because is not null and (m.id = $2 or exists (
       select from (
         select fingerprint, exp_year, exp_month from payment_methods where id = $2 and account_id = $1
         union all select $3::text, $4::int, $5::int) good
       where good.fingerprint = m.fingerprint
         and (m.exp_year, m.exp_month) is not distinct from (good.exp_year, good.exp_month)))`,
    [accountId, methodId, charged?.fingerprint ?? null, charged?.expYear ?? null, charged?.expMonth ?? null],
  );
  return rowCount !== 0;
}
