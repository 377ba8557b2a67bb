/** Writes a refund down under the caller's key, or finds the existing one (P5). */
import { type RefundRequest, type RefundWish, type Row, toRequest } from './refundRequest';
import type { SeenRefund } from '../../domain/payment';
import type { Tx } from '../db';
import type { Payment } from './payment';
import { lockAccount } from '../accounts/lockAccount';
import { readTakenBack } from './readTakenBack';

export type BegunRefund =
  | { kind: 'made'; request: RefundRequest }
  /** To be sent to Stripe under its id and tries; it may have been sent before. */
  | { kind: 'requested'; request: RefundRequest }
  | { kind: 'exceeds'; leftCents: number }
  | { kind: 'key_reused' };

/**
 * Begins a refund under the caller's key, or finds the existing one. The caller holds the payment's lock and has looked.
 * @param made the refund at Stripe that carries this request's id, if there is one: a database that has lost the request
 *   writes it down again, and makes no other (O4)
 */
export async function beginRefund(
  tx: Tx,
  payment: Payment,
  wish: RefundWish,
  made: SeenRefund | null,
): Promise<BegunRefund> {
  await lockAccount(tx, payment.accountId);
  const { rows } = await tx.query<Row>('select * from refund_requests where account_id = $1 and idempotency_key = $2', [
    payment.accountId,
    wish.idempotencyKey,
  ]);
  const existing = rows[0];
  if (existing && existing.request_hash !== wish.requestHash) return { kind: 'key_reused' };
  if (existing && existing.status !== 'refused')
    return { kind: existing.status as 'made' | 'requested', request: toRequest(existing) };
  if (made && !existing) {
    if (wish.cents !== null && wish.cents !== made.cents) return { kind: 'key_reused' };
    return { kind: 'made', request: await insertMade(tx, payment, wish, made) };
  }

  const leftCents = await leftToRefund(tx, payment);
  // Of one that was refused nothing was made: it may be another sum by now, and goes to Stripe as a new try.
  const cents = wish.cents ?? leftCents;
  if (cents > leftCents || cents === 0) return { kind: 'exceeds', leftCents };
  const { rows: begun } = await tx.query<Row>(
    `insert into refund_requests as r (id, account_id, payment_id, idempotency_key, request_hash, amount_cents, actor)
     values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (account_id, idempotency_key) do update set status = 'requested', amount_cents = excluded.amount_cents, tries = r.tries + 1, requested_at = now() returning *`,
    [wish.id, payment.accountId, payment.id, wish.idempotencyKey, wish.requestHash, cents, wish.actor],
  );
  return { kind: 'requested', request: toRequest(begun[0]!) };
}

async function insertMade(tx: Tx, payment: Payment, wish: RefundWish, made: SeenRefund): Promise<RefundRequest> {
  const { rows } = await tx.query<Row>(
    `insert into refund_requests (id, account_id, payment_id, idempotency_key, request_hash, amount_cents, actor, status, refund_id)
     values ($1, $2, $3, $4, $5, $6, $7, 'made', $8) returning *`,
    [wish.id, payment.accountId, payment.id, wish.idempotencyKey, wish.requestHash, made.cents, wish.actor, made.id],
  );
  return toRequest(rows[0]!);
}

/** Cents that are neither taken back nor asked for: what may have been made counts as made. */
async function leftToRefund(tx: Tx, payment: Payment): Promise<number> {
  const { refundedCents, disputedCents } = await readTakenBack(tx, payment);
  const { rows } = await tx.query<{ cents: bigint }>(
    `select coalesce(sum(amount_cents), 0)::bigint as cents from refund_requests where payment_id = $1 and status = 'requested'`,
    [payment.id],
  );
  return Math.max(0, payment.cents - refundedCents - disputedCents - Number(rows[0]!.cents));
}
