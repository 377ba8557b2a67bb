/** What a payment provider tells of a payment that has succeeded. */

export type PaidIntent = {
  paymentIntentId: string;
  receivedCents: number;
  /** ISO 4217, lower case. */
  currency: string;
  chargeId: string | null;
  paymentMethodId: string | null;
  receiptUrl: string | null;
  brand: string | null;
  last4: string | null;
};
