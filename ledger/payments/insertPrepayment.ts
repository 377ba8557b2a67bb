/** Inserts a prepayment under the caller's key, or finds the existing one (P2). */
import { type Payment, type Row, COLUMNS, toPayment } from './payment';
import type { Db } from '../db';
import { findPrepayment } from './findPrepayment';

export type PrepaymentRequest = {
  id: string;
  accountId: string;
  cents: number;
  /** Null for Checkout, where it is chosen. */
  paymentMethodId: string | null;
  idempotencyKey: string;
  /** A hash of what was asked, so that the same key with other content is known. */
  requestHash: string;
  actor: string;
};

export type BegunPrepayment = { kind: 'new' | 'existing'; payment: Payment } | { kind: 'key_reused' };

/**
 * Begins a prepayment under the caller's key, or finds the existing one (P2). Simultaneous calls find one row: the id
 * follows from the key, so any unique index may be the one that knows of it first.
 */
export async function insertPrepayment(db: Db, request: PrepaymentRequest): Promise<BegunPrepayment> {
  const { rows } = await db.query<Row>(
    `insert into payments (id, account_id, purpose, amount_cents, payment_method_id, idempotency_key, request_hash, actor)
     values ($1, $2, 'prepayment', $3, $4, $5, $6, $7) on conflict do nothing returning ${COLUMNS}`,
    [
      request.id,
      request.accountId,
      request.cents,
      request.paymentMethodId,
      request.idempotencyKey,
      request.requestHash,
      request.actor,
    ],
  );
  if (rows[0]) return { kind: 'new', payment: toPayment(rows[0]) };
  const existing = await findPrepayment(db, request.accountId, request.idempotencyKey);
  if (!existing || existing.requestHash !== request.requestHash) return { kind: 'key_reused' };
  return { kind: 'existing', payment: existing };
}
