// Builds a PaymentIntent before anything has happened to it.
import type Stripe from 'stripe';
import { newClientSecret, newId } from './ids';
import type { Transaction } from './transaction';

const TAKEN = ['card', 'link', 'us_bank_account'];

/** Stripe answers with those of the allowed types that fit the payment; all that the simulator takes fit it. */
export function allowedTypes(allowed: string[] | undefined): Partial<Stripe.PaymentIntent> {
  if (allowed === undefined) return {};
  return {
    allowed_payment_method_types: allowed,
    payment_method_types: TAKEN.filter((type) => allowed.includes(type)),
  };
}

/** A new PaymentIntent without anything that its creator chooses but the amount in cents. */
export function blankIntent(tx: Transaction, amount: number, currencyCode: string): Stripe.PaymentIntent {
  const intentId = newId('pi');
  return {
    id: intentId,
    object: 'payment_intent',
    allowed_payment_method_types: null,
    amount,
    amount_capturable: 0,
    amount_details: { tip: {} },
    amount_received: 0,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods: null,
    canceled_at: null,
    cancellation_reason: null,
    capture_method: 'automatic_async',
    client_secret: newClientSecret(intentId),
    confirmation_method: 'automatic',
    created: tx.now,
    currency: currencyCode,
    customer: null,
    customer_account: null,
    description: null,
    excluded_payment_method_types: null,
    last_payment_error: null,
    latest_charge: null,
    livemode: false,
    managed_payments: null,
    metadata: {},
    next_action: null,
    on_behalf_of: null,
    payment_method: null,
    payment_method_configuration_details: null,
    payment_method_options: {
      card: { installments: null, mandate_options: null, network: null, request_three_d_secure: 'automatic' },
    },
    payment_method_types: TAKEN,
    payment_record: null,
    processing: null,
    receipt_email: null,
    review: null,
    setup_future_usage: null,
    shipping: null,
    source: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: 'requires_payment_method',
    transfer_data: null,
    transfer_group: null,
  };
}
