/** Takes note that an account's customer was deleted at the payment provider, and its methods with it. */
import type { AutoReloadStatus } from '../../domain/autoReload';
import { recordAudit } from '../audit/recordAudit';
import type { Tx } from '../db';
import { postNotice } from '../notices/postNotice';
import { closeReload } from '../reloads/closeReload';
import { lockMethods } from './lockMethods';

/**
 * The methods are gone; the next customer is made under a key of its own. A reload in flight closes, for its
 * PaymentIntent can only be paid by that customer; the next one opens with what owners save then. Owners are told once.
 * Returns whose customer it was; null when it is not ours (any more), or its account is being closed.
 */
export async function loseCustomer(tx: Tx, customerId: string, nowMs: number): Promise<string | null> {
  const { rows } = await tx.query<{ id: string }>(
    'select id from accounts where stripe_customer_id = $1 and closing_at is null',
    [customerId],
  );
  if (!rows[0]) return null;
  const accountId = rows[0].id;
  await lockMethods(tx, accountId);
  const { rowCount: lost } = await tx.query(
    `update accounts set stripe_customer_id = null, customer_generation = customer_generation + 1
     where id = $1 and stripe_customer_id = $2`,
    [accountId, customerId],
  );
  if (!lost) return null;
  const { rowCount: methods } = await tx.query(
    'update payment_methods set removed_at = now(), role = null where account_id = $1 and removed_at is null',
    [accountId],
  );
  await closeOpenReload(tx, accountId, nowMs);
  await recordAudit(tx, accountId, 'stripe', 'customer.lost', { customer: customerId, methods });
  if (methods) await tellOwners(tx, accountId, customerId);
  return accountId;
}

async function closeOpenReload(tx: Tx, accountId: string, nowMs: number): Promise<void> {
  const { rows } = await tx.query<{ id: string }>(
    'select id from reloads where account_id = $1 and closed_at is null',
    [accountId],
  );
  if (!rows[0]) return;
  const because = 'the payment methods were deleted at the payment provider';
  await closeReload(tx, { accountId, reloadId: rows[0].id, state: 'failed', because, nowMs });
}

async function tellOwners(tx: Tx, accountId: string, customerId: string): Promise<void> {
  const { rows } = await tx.query<{ status: AutoReloadStatus }>(
    'select status from account_states where account_id = $1',
    [accountId],
  );
  await postNotice(tx, accountId, `customer/${customerId}/lost`, {
    kind: 'payment_methods_lost',
    autoReload: rows[0]!.status,
  });
}
