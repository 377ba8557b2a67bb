/** What a payment provider says about money, in one vocabulary. The answers are facts of now, never an event's. */

/** A payment that has succeeded. */
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
  /** By which the card or account that was charged is known under any id (A11); null where the provider does not show it. */
  card: ChargedCard | null;
};

/** The expiry is null for what has none, such as a bank account. */
export type ChargedCard = { fingerprint: string; expMonth: number | null; expYear: number | null };

/** The provider's answer about a method: it is not paid with it. */
export type Declined = {
  kind: 'declined';
  code: string;
  message: string;
  chargeId: string | null;
  /** The same method is not tried again (A11). */
  forGood: boolean;
  /** Its owner can still confirm this PaymentIntent (A11). */
  awaitsOwner: boolean;
};

/** What the provider says of a payment: the one vocabulary of charges, events, looks and reconciliation. */
export type PaymentAnswer =
  | { kind: 'paid'; paid: PaidIntent }
  | Declined
  /** Its owner is asked to confirm it with this method, on session: at `url`, when the provider gave one. */
  | { kind: 'requires_action'; url: string | null; methodId: string | null }
  /** Not paid and nothing under way, as far as the provider says: it may be confirmed (again). */
  | { kind: 'unpaid' }
  /** Under way, and nobody can hasten it: the bank decides, or the customer's transfer is awaited. */
  | { kind: 'processing' }
  /** It can never be paid any more. */
  | { kind: 'canceled' }
  /** The provider knows no such payment. */
  | { kind: 'missing' }
  /** No answer, or one that says nothing about the payment: to be read from the PaymentIntent (A9). */
  | { kind: 'unknown'; because: string; operator: boolean };

/** What a PaymentIntent is for, in Ballast's own signed words: enough to rebuild a payment that a restored database has lost. */
export type PaymentClaim = {
  paymentId: string;
  accountId: string;
  purpose: 'prepayment' | 'reload';
  /** What was asked. */
  cents: number;
  customerId: string;
  /** Of a prepayment: the caller's key, and a hash of what was asked under it. */
  idempotencyKey: string | null;
  requestHash: string | null;
  /** Of a reload. */
  reloadNumber: number | null;
};

/** A PaymentIntent as it is now. */
export type SeenIntent = {
  paymentIntentId: string;
  /** The payment that it says it is for, whoever has written that. */
  claims: string | null;
  /** The same and more, if Ballast has signed it. */
  claim: PaymentClaim | null;
  createdMs: number;
  answer: PaymentAnswer;
};

/** `requestId`: the request of ours that made it; null for one made in the provider's dashboard. */
export type SeenRefund = { id: string; cents: number; failed: boolean; requestId: string | null };

export type DisputeState =
  /** The bank asks; no money has moved. */
  'inquiry' | 'open' | 'won' | 'lost';
/** `withdrawnCents`: what the bank holds now of what it took. */
export type SeenDispute = { id: string; state: DisputeState; cents: number; withdrawnCents: number };

/** All that was ever taken back of a PaymentIntent. */
export type TakenBack = { refunds: SeenRefund[]; disputes: SeenDispute[] };

export type SeenCheckout = {
  mode: 'payment' | 'setup' | 'other';
  status: 'open' | 'complete' | 'expired';
  /** Completed without being paid: the payment is under way, or has failed since. */
  unpaid: boolean;
  claims: string | null;
  paymentIntentId: string | null;
  /** Of a completed setup: the method that was saved. */
  paymentMethodId: string | null;
};

export type SavedCard = {
  id: string;
  brand: string;
  last4: string;
  expMonth: number | null;
  expYear: number | null;
  fingerprint: string | null;
};
/** `customerId` is null when it belongs to nobody (any more). */
export type SeenMethod = { card: SavedCard; customerId: string | null };

/** An event, reduced to what it is about: what is so now is read from the provider itself. */
export type PaymentNews = { eventId: string; type: string } & (
  | { about: 'intent'; paymentIntentId: string }
  /** A refund or a dispute; null when it belongs to no PaymentIntent, so to nothing of ours. */
  | { about: 'taken_back'; paymentIntentId: string | null }
  | { about: 'checkout'; sessionId: string }
  | { about: 'customer'; customerId: string }
  /** `updatedByNetwork`: the card's network has given the provider its new number or expiry. */
  | { about: 'method'; methodId: string; updatedByNetwork: boolean }
);

const CANCEL_DELAY_MS_MAX = 300_000;
/** What is waited before a payment is canceled again that could not be canceled, after so many tries that failed (1, 2, …). */
export const cancelDelayMs = (failures: number): number => Math.min(1_000 * 2 ** (failures - 1), CANCEL_DELAY_MS_MAX);
