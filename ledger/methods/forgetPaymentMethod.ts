/** Forgets a method that is gone at the provider. */
import { recordAudit } from '../audit/recordAudit';
import type { Tx } from '../db';
import { lockMethods } from './lockMethods';

/**
 * Removes a method that is gone at the provider, the last one too: a reload then finds none and says so. Returns whose
 * it was; null when it is not ours, or not any more.
 */
export async function forgetPaymentMethod(tx: Tx, methodId: string): Promise<string | null> {
  const { rows } = await tx.query<{ account_id: string }>(
    'select account_id from payment_methods where id = $1 and removed_at is null',
    [methodId],
  );
  if (!rows[0]) return null;
  await lockMethods(tx, rows[0].account_id);
  const { rowCount } = await tx.query(
    'update payment_methods set removed_at = now(), role = null where id = $1 and removed_at is null',
    [methodId],
  );
  if (!rowCount) return null;
  await recordAudit(tx, rows[0].account_id, 'stripe', 'payment_method.remove', { method: methodId });
  return rows[0].account_id;
}
