/** What a payment's PaymentIntent says of it at Stripe. */
import type { PaymentClaim } from '../domain/payment';
import type { Payment } from '../ledger/payments/payment';

export const claimOf = (payment: Payment, customerId: string): PaymentClaim => ({
  paymentId: payment.id,
  accountId: payment.accountId,
  purpose: payment.purpose,
  cents: payment.cents,
  customerId,
  idempotencyKey: payment.idempotencyKey,
  requestHash: payment.requestHash,
  reloadNumber: payment.reloadNumber,
});
