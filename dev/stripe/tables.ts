// What the simulator keeps: its kinds of objects by name. Most are Stripe's own; the rest is what Stripe keeps to itself.
import type Stripe from 'stripe';
import type { Card } from './cardBehavior';
import type { PaymentIntentData } from './checkoutParams';

/** The side of a session that Stripe keeps to itself until it is used. */
export type CheckoutDetails = { id: string; lineItems: Stripe.LineItem[]; payment: PaymentIntentData };

/** The answer that a key was given. */
export type IdempotencyRecord = {
  id: string;
  endpoint: string;
  paramsHash: string;
  status: number;
  body: string;
  requestId: string;
  /** Unix seconds. */
  created: number;
};

export type Tables = {
  customers: Stripe.Customer;
  deleted_customers: Stripe.DeletedCustomer;
  payment_methods: Stripe.PaymentMethod;
  /** What the simulator knows of a payment method's card and Stripe does not show. */
  cards: Card;
  payment_intents: Stripe.PaymentIntent;
  setup_intents: Stripe.SetupIntent;
  charges: Stripe.Charge;
  refunds: Stripe.Refund;
  disputes: Stripe.Dispute;
  balance_transactions: Stripe.BalanceTransaction;
  checkout_sessions: Stripe.Checkout.Session;
  /** What a session keeps for the payment that it will make. */
  checkout_details: CheckoutDetails;
  events: Stripe.Event;
  idempotency: IdempotencyRecord;
};

export type TableName = keyof Tables;
