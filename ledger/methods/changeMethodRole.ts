/** Gives a saved method another role. */
import type { MethodRole } from '../../domain/accountState';
import type { Tx } from '../db';
import { hastenAttempt } from './hastenAttempt';
import { lockMethods } from './lockMethods';
import { METHOD_COLUMNS, toPaymentMethod, type MethodRow, type MethodsChanged } from './paymentMethod';
import { readPaymentMethod } from './readPaymentMethod';
import { vacateRole } from './vacateRole';

/** Null when the account has no such method: then the caller rolls back. */
export async function changeMethodRole(
  tx: Tx,
  accountId: string,
  methodId: string,
  role: MethodRole,
): Promise<MethodsChanged | null> {
  const position = await lockMethods(tx, accountId);
  if (!(await readPaymentMethod(tx, accountId, methodId))) return null;
  await vacateRole(tx, accountId, role, methodId);
  const { rows } = await tx.query<MethodRow>(
    `update payment_methods set role = $3 where account_id = $1 and id = $2 and removed_at is null returning ${METHOD_COLUMNS}`,
    [accountId, methodId, role],
  );
  const method = toPaymentMethod(rows[0]!);
  await hastenAttempt(tx, accountId, method);
  return { method, position };
}
