/** Takes a role from its holder. */
import type { MethodRole } from '../../domain/accountState';
import type { Tx } from '../db';

/** The caller holds the account's lock and gives the role to `exceptId` next. */
export async function vacateRole(tx: Tx, accountId: string, role: MethodRole, exceptId: string): Promise<void> {
  await tx.query(
    'update payment_methods set role = null where account_id = $1 and role = $2 and id <> $3 and removed_at is null',
    [accountId, role, exceptId],
  );
}
