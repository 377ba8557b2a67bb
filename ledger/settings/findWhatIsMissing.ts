/** Finds what an account still lacks to enable auto-reload (A1). */
import type { SettingsAnswer } from '../../domain/accountState';
import type { Db } from '../db';
import { refused } from './refused';

/** A1, in this order: a method on file, then an earlier purchase. */
export async function findWhatIsMissing(
  db: Db,
  accountId: string,
): Promise<Extract<SettingsAnswer, { kind: 'refused' }> | null> {
  const { rows } = await db.query<{ method: boolean; purchase: boolean }>(
    `select exists (select 1 from payment_methods where account_id = $1 and role = 'primary' and removed_at is null) as method,
       exists (select 1 from payments where account_id = $1 and status = 'succeeded') as purchase`,
    [accountId],
  );
  if (!rows[0]!.method) return refused('payment_method_required', 'auto-reload needs a primary payment method on file');
  if (!rows[0]!.purchase)
    return refused('first_purchase_required', 'auto-reload needs one purchase that succeeded before');
  return null;
}
