/** Refunds that admins ask for: written down before Stripe is asked, found again whatever becomes of the answer (P5). */
import type { SeenRefund } from '../../domain/payment';
import type { Tx } from '../db';
import { lockAccount } from '../accounts/lockAccount';
import type { Payment } from './payments';
import { readTakenBack } from './takenBack';

export type RefundWish = {
  id: string;
  /** Null: all that is left. */
  cents: number | null;
  idempotencyKey: string;
  /** A hash of what was asked, so that the same key with other content is known. */
  requestHash: string;
  actor: string;
};
export type RefundRequest = { id: string; cents: number; tries: number; refundId: string | null; at: Date };
export type BegunRefund =
  | { kind: 'made'; request: RefundRequest }
  /** To be sent to Stripe under its id and tries; it may have been sent before. */
  | { kind: 'requested'; request: RefundRequest }
  | { kind: 'exceeds'; leftCents: number }
  | { kind: 'key_reused' };

type Row = {
  id: string;
  payment_id: string;
  request_hash: string;
  amount_cents: bigint;
  status: string;
  tries: number;
  refund_id: string | null;
  requested_at: Date;
};

const toRequest = (row: Row): RefundRequest => ({
  id: row.id,
  cents: Number(row.amount_cents),
  tries: row.tries,
  refundId: row.refund_id,
  at: row.requested_at,
});

/** Begins a refund under the caller's key, or finds the one that stands. The caller holds the payment's lock and has looked. */
export async function beginRefund(tx: Tx, payment: Payment, wish: RefundWish): Promise<BegunRefund> {
  await lockAccount(tx, payment.accountId);
  const { rows } = await tx.query<Row>('select * from refund_requests where account_id = $1 and idempotency_key = $2', [
    payment.accountId,
    wish.idempotencyKey,
  ]);
  const standing = rows[0];
  if (standing && standing.request_hash !== wish.requestHash) return { kind: 'key_reused' };
  if (standing && standing.status !== 'refused')
    return { kind: standing.status as 'made' | 'requested', request: toRequest(standing) };

  const leftCents = await leftToRefund(tx, payment);
  const cents = standing ? Number(standing.amount_cents) : (wish.cents ?? leftCents);
  if (cents > leftCents || cents === 0) return { kind: 'exceeds', leftCents };
  const { rows: begun } = await tx.query<Row>(
    `insert into refund_requests as r (id, account_id, payment_id, idempotency_key, request_hash, amount_cents, actor)
     values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (account_id, idempotency_key) do update set status = 'requested', tries = r.tries + 1, requested_at = now() returning *`,
    [wish.id, payment.accountId, payment.id, wish.idempotencyKey, wish.requestHash, cents, wish.actor],
  );
  return { kind: 'requested', request: toRequest(begun[0]!) };
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

/** Those of our requests that are found among the refunds at Stripe, whoever has looked. */
export async function markRefundsMade(tx: Tx, payment: Payment, refunds: readonly SeenRefund[]): Promise<void> {
  for (const { id, requestId } of refunds) {
    if (requestId === null) continue;
    await tx.query(
      `update refund_requests set status = 'made', refund_id = $3 where id::text = $1 and payment_id = $2 and status <> 'made'`,
      [requestId, payment.id, id],
    );
  }
}

/** Nothing was made, and nothing will be: its cents are free again. */
export async function refuseRefund(tx: Tx, requestId: string): Promise<void> {
  await tx.query(`update refund_requests set status = 'refused' where id = $1 and status = 'requested'`, [requestId]);
}

/** Stripe has answered without a refund and keeps that answer: the next time goes under another key. */
export async function nextRefundTry(tx: Tx, requestId: string): Promise<void> {
  await tx.query(`update refund_requests set tries = tries + 1 where id = $1 and status = 'requested'`, [requestId]);
}

export async function readRefundRequest(tx: Tx, requestId: string): Promise<RefundRequest | null> {
  const { rows } = await tx.query<Row>('select * from refund_requests where id = $1', [requestId]);
  return rows[0] ? toRequest(rows[0]) : null;
}

/** A request that Stripe knows nothing of after so long was never made (an answer takes seconds, not an hour). */
const GIVEN_UP_AFTER = '1 hour';

/** Frees what was asked for, never came through, and nobody asked for again. The caller has looked under the lock. */
export async function giveUpRefunds(tx: Tx, payment: Payment): Promise<void> {
  await tx.query(
    `update refund_requests set status = 'refused' where payment_id = $1 and status = 'requested' and requested_at < now() - $2::interval`,
    [payment.id, GIVEN_UP_AFTER],
  );
}
