/** One payment as a row: one PaymentIntent, with the account's customer. */
import type { PaymentStatus } from '../../domain/paymentStates';

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
  /** Of a prepayment: the caller's key, and a hash of what was asked under it. */
  idempotencyKey: string | null;
  requestHash: string | null;
  /** Of a reload. */
  reloadNumber: number | null;
  /** The page the owner is sent to: Checkout's, or the bank's that asks for confirmation. */
  actionUrl: string | null;
  checkoutSessionId: string | null;
  checkoutLooks: number;
  /** The account's customer at the provider; null before its first method was saved. */
  customerId: string | null;
  createdAt: Date;
};

export type Row = {
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
  idempotency_key: string | null;
  request_hash: string | null;
  reload_number: number | null;
  action_url: string | null;
  checkout_session_id: string | null;
  checkout_looks: number;
  customer_id: string | null;
  created_at: Date;
};

export const toPayment = (row: Row): Payment => ({
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
  idempotencyKey: row.idempotency_key,
  requestHash: row.request_hash,
  reloadNumber: row.reload_number,
  actionUrl: row.action_url,
  checkoutSessionId: row.checkout_session_id,
  checkoutLooks: row.checkout_looks,
  customerId: row.customer_id,
  createdAt: row.created_at,
});

export const COLUMNS = `payments.*, (select stripe_customer_id from accounts where accounts.id = payments.account_id) as customer_id,
  (select number from reloads where reloads.id = payments.id) as reload_number`;
