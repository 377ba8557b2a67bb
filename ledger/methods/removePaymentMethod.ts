/** Removes a saved method at its owner's wish. */
import type { Tx } from '../db';
import type { Position } from '../accounts/position';
import { listPaymentMethods } from './listPaymentMethods';
import { lockMethods } from './lockMethods';

export type MethodRemoved =
  { kind: 'removed'; position: Position } | { kind: 'not_found' } | { kind: 'last_payment_method' };

/** Refused for the last method that auto-reload may charge while it is on. On anything but `removed` the caller rolls back. */
export async function removePaymentMethod(tx: Tx, accountId: string, methodId: string): Promise<MethodRemoved> {
  const position = await lockMethods(tx, accountId);
  const existing = await listPaymentMethods(tx, accountId);
  const removed = existing.find(({ id }) => id === methodId);
  if (!removed) return { kind: 'not_found' };
  const { rows } = await tx.query<{ status: string }>('select status from account_states where account_id = $1', [
    accountId,
  ]);
  const others = existing.filter(({ id }) => id !== methodId);
  const last = others.length === 0 || (removed.role !== null && others.every(({ role }) => role === null));
  if (last && rows[0]!.status === 'on') return { kind: 'last_payment_method' };
  await tx.query('update payment_methods set removed_at = now(), role = null where id = $1', [methodId]);
  return { kind: 'removed', position };
}
