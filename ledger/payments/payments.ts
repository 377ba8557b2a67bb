/** Payments as rows: one per PaymentIntent, found by id, by the caller's key, or by reload. */
import type { Db, Tx } from '../db';
import { lockAccount } from '../accounts/lockAccount';

export type PaymentStatus = 'processing' | 'requires_action' | 'succeeded' | 'failed' | 'canceled';
export type Payment = {
  id: string;
  accountId: string;
  purpose: 'prepayment' | 'reload';
  cents: number;
  status: PaymentStatus;
  paymentIntentId: string | null;
  paymentMethodId: string | null;
  latestChargeId: string | null;
  declineCode: string | null;
  declineMessage: string | null;
  receiptUrl: string | null;
  requestHash: string | null;
  /** The page the owner is sent to: Checkout's, or the bank's that asks for confirmation. */
  actionUrl: string | null;
  checkoutSessionId: string | null;
  checkoutLooks: number;
  /** The account's customer at the provider; null before its first method was saved. */
  customerId: string | null;
  createdAt: Date;
};

type Row = {
  id: string;
  account_id: string;
  purpose: Payment['purpose'];
  amount_cents: bigint;
  status: PaymentStatus;
  payment_intent_id: string | null;
  payment_method_id: string | null;
  latest_charge_id: string | null;
  decline_code: string | null;
  decline_message: string | null;
  receipt_url: string | null;
  request_hash: string | null;
  action_url: string | null;
  checkout_session_id: string | null;
  checkout_looks: number;
  customer_id: string | null;
  created_at: Date;
};

const toPayment = (row: Row): Payment => ({
  id: row.id,
  accountId: row.account_id,
  purpose: row.purpose,
  cents: Number(row.amount_cents),
  status: row.status,
  paymentIntentId: row.payment_intent_id,
  paymentMethodId: row.payment_method_id,
  latestChargeId: row.latest_charge_id,
  declineCode: row.decline_code,
  declineMessage: row.decline_message,
  receiptUrl: row.receipt_url,
  requestHash: row.request_hash,
  actionUrl: row.action_url,
  checkoutSessionId: row.checkout_session_id,
  checkoutLooks: row.checkout_looks,
  customerId: row.customer_id,
  createdAt: row.created_at,
});

const COLUMNS =
  'payments.*, (select stripe_customer_id from accounts where accounts.id = payments.account_id) as customer_id';

/** The account's payment, or null: another account's does not exist. */
export async function readPayment(db: Db, accountId: string, id: string): Promise<Payment | null> {
  const { rows } = await db.query<Row>(`select ${COLUMNS} from payments where id::text = $2 and account_id = $1`, [
    accountId,
    id,
  ]);
  return rows[0] ? toPayment(rows[0]) : null;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Any account's payment, or null. The id comes back to us from the provider, so it may be anything. */
export async function readPaymentById(db: Db, id: string): Promise<Payment | null> {
  if (!UUID.test(id)) return null;
  const { rows } = await db.query<Row>(`select ${COLUMNS} from payments where id = $1`, [id]);
  return rows[0] ? toPayment(rows[0]) : null;
}

/** The payment whose PaymentIntent this is, or null. */
export async function findPaymentOfIntent(db: Db, paymentIntentId: string): Promise<Payment | null> {
  const { rows } = await db.query<Row>(`select ${COLUMNS} from payments where payment_intent_id = $1`, [
    paymentIntentId,
  ]);
  return rows[0] ? toPayment(rows[0]) : null;
}

/** The account's reload by its number, or null. */
export async function readReloadPayment(db: Db, accountId: string, number: number): Promise<Payment | null> {
  const { rows } = await db.query<Row>(
    `select ${COLUMNS} from payments where id = (select id from reloads where account_id = $1 and number = $2)`,
    [accountId, number],
  );
  return rows[0] ? toPayment(rows[0]) : null;
}

/** Newest first: at most `limit` prepayments that were begun before the one named by `before`. */
export async function listPrepayments(
  db: Db,
  accountId: string,
  limit: number,
  before: string | null,
): Promise<Payment[]> {
  const { rows } = await db.query<Row>(
    `select ${COLUMNS} from payments where account_id = $1 and purpose = 'prepayment'
       and ($3::text is null or (created_at, id) < (select created_at, id from payments where id::text = $3 and account_id = $1))
     order by created_at desc, id desc limit $2`,
    [accountId, limit, before],
  );
  return rows.map(toPayment);
}

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

/** Begins a prepayment under the caller's key, or finds the one that stands (P2). Simultaneous calls find one row. */
export async function beginPrepayment(db: Db, request: PrepaymentRequest): Promise<BegunPrepayment> {
  const { rows } = await db.query<Row>(
    `insert into payments (id, account_id, purpose, amount_cents, payment_method_id, idempotency_key, request_hash, actor)
     values ($1, $2, 'prepayment', $3, $4, $5, $6, $7) on conflict (account_id, idempotency_key) do nothing returning ${COLUMNS}`,
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
  const standing = await findPrepayment(db, request.accountId, request.idempotencyKey);
  if (!standing || standing.requestHash !== request.requestHash) return { kind: 'key_reused' };
  return { kind: 'existing', payment: standing };
}

/** The prepayment that stands under a caller's key, or null. */
export async function findPrepayment(db: Db, accountId: string, idempotencyKey: string): Promise<Payment | null> {
  const { rows } = await db.query<Row>(
    `select ${COLUMNS} from payments where account_id = $1 and idempotency_key = $2`,
    [accountId, idempotencyKey],
  );
  return rows[0] ? toPayment(rows[0]) : null;
}

/** Stores the PaymentIntent before it is confirmed for the first time. False when the payment is final already. */
export async function storePaymentIntent(db: Db, paymentId: string, paymentIntentId: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `update payments set payment_intent_id = $2 where id = $1 and status = 'processing'
       and (payment_intent_id is null or payment_intent_id = $2)`,
    [paymentId, paymentIntentId],
  );
  return rowCount === 1;
}

/** Marks a payment as never to be paid: its PaymentIntent is canceled, or was never confirmable. Frees its headroom. */
export async function markUnpaid(tx: Tx, payment: Payment, status: 'failed' | 'canceled'): Promise<void> {
  await lockAccount(tx, payment.accountId);
  await tx.query(`update payments set status = $2 where id = $1 and status in ('processing', 'requires_action')`, [
    payment.id,
    status,
  ]);
}
