/** Finds what an account still lacks to enable auto-reload (A1). */
import type { AccountForSettings } from '../../domain/assessSettings';
import type { Db } from '../db';

export async function findWhatIsMissing(db: Db, accountId: string): Promise<AccountForSettings['missing']> {
  const { rows } = await db.query<{ method: boolean; purchase: boolean }>(
    `select exists (select 1 from payment_methods where account_id = $1 and role = 'primary' and removed_at is null) as method,
       exists (select 1 from payments where account_id = $1 and status = 'succeeded') as purchase`,
    [accountId],
  );
  if (!rows[0]!.method) return 'payment_method';
  return rows[0]!.purchase ? null : 'purchase';
}
