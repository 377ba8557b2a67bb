/** Declines that are ours to say: Stripe's answer is another, but for the method it means no. */
import type { Declined } from '../domain/payment';

const byOwner = { kind: 'declined', chargeId: null, forGood: false } as const;

/** The owner of a prepayment was asked and said no, or did not pass the bank's check. */
export const NOT_CONFIRMED: Declined = {
  ...byOwner,
  code: 'authentication_failed',
  message: 'The payment was not confirmed with your bank.',
  awaitsOwner: false,
};
/** Its owner has removed the method, so nothing can be confirmed with it. */
export const METHOD_REMOVED: Declined = {
  ...byOwner,
  code: 'payment_method_not_available',
  message: 'The payment method was removed.',
  awaitsOwner: false,
};
/** The account's customer was deleted at Stripe, and the method with it. */
export const CUSTOMER_DELETED: Declined = {
  ...byOwner,
  code: 'payment_method_not_available',
  message: 'The payment method was deleted at the payment provider. Please save it again.',
  awaitsOwner: false,
};
/** A reload's owner is at the bank's page with this method: off session it would be declined. */
export const ASKED_OWNER: Declined = {
  ...byOwner,
  code: 'authentication_required',
  message: 'The bank asks the card holder to confirm this payment.',
  awaitsOwner: true,
};
