/** A refund that an admin asks for, as a row: written down before Stripe is asked (P5). */
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

export type Row = {
  id: string;
  payment_id: string;
  request_hash: string;
  amount_cents: bigint;
  status: string;
  tries: number;
  refund_id: string | null;
  requested_at: Date;
};

export const toRequest = (row: Row): RefundRequest => ({
  id: row.id,
  cents: Number(row.amount_cents),
  tries: row.tries,
  refundId: row.refund_id,
  at: row.requested_at,
});
