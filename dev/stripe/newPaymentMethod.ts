// Builds a PaymentMethod and its hidden card from a test card.
import { createHash } from 'node:crypto';
import type Stripe from 'stripe';
import { PAYS, type Card } from './cardBehavior';
import { newId } from './ids';
import type { TestCard } from './testCards';
import type { Transaction } from './transaction';

type Options = {
  expMonth?: number | undefined;
  expYear?: number | undefined;
  billingDetails?: Partial<Stripe.PaymentMethod.BillingDetails> | undefined;
  metadata?: Record<string, string>;
};

const NO_BILLING_DETAILS: Stripe.PaymentMethod.BillingDetails = {
  address: { city: null, country: null, line1: null, line2: null, postal_code: null, state: null },
  email: null,
  name: null,
  phone: null,
  tax_id: null,
};

export function newCardMethod(
  tx: Transaction,
  testCard: TestCard,
  options: Options = {},
): { method: Stripe.PaymentMethod; card: Card } {
  const method: Stripe.PaymentMethod = {
    id: newId('pm'),
    object: 'payment_method',
    allow_redisplay: 'unspecified',
    billing_details: { ...NO_BILLING_DETAILS, ...options.billingDetails },
    card: cardOf(testCard, options, tx.now),
    created: tx.now,
    customer: null,
    customer_account: null,
    livemode: false,
    metadata: options.metadata ?? {},
    type: 'card',
  };
  const card: Card = {
    id: method.id,
    number: testCard.number,
    behavior: testCard.behavior,
    setUp: false,
    spent: false,
  };
  return { method: tx.put('payment_methods', method), card: tx.put('cards', card) };
}

function cardOf(
  { number, brand, funding, behavior }: TestCard,
  { expMonth, expYear }: Options,
  now: number,
): Stripe.PaymentMethod.Card {
  const today = new Date(now * 1_000);
  return {
    brand,
    checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' },
    country: 'US',
    display_brand: brand,
    exp_month: expMonth ?? today.getUTCMonth() + 1,
    // Stripe's own test ids expire a year ahead too.
    exp_year: expYear ?? today.getUTCFullYear() + 1,
    fingerprint: fingerprintOf(number),
    funding,
    generated_from: null,
    last4: number.slice(-4),
    networks: { available: [brand], preferred: null },
    regulated_status: 'unregulated',
    three_d_secure_usage: { supported: behavior.authentication !== 'never' || brand === 'visa' },
    wallet: null,
  };
}

/** The same for each payment method made from one card number. */
export function fingerprintOf(number: string): string {
  return createHash('sha256')
    .update(`fingerprint ${number}`)
    .digest('base64')
    .replaceAll(/[^A-Za-z0-9]/g, '')
    .slice(0, 16);
}

/** Stripe's test id of a bank account: debits take days, here until a switch decides them. */
export const TEST_BANK_ACCOUNT = 'pm_usBankAccount_success';
const BANK_ACCOUNT_NUMBER = '000123456789';

/** A verified US bank account. Like a card it can be saved and charged again. */
export function newBankMethod(tx: Transaction): { method: Stripe.PaymentMethod; card: Card } {
  const method: Stripe.PaymentMethod = {
    id: newId('pm'),
    object: 'payment_method',
    allow_redisplay: 'unspecified',
    billing_details: NO_BILLING_DETAILS,
    created: tx.now,
    customer: null,
    customer_account: null,
    livemode: false,
    metadata: {},
    type: 'us_bank_account',
    us_bank_account: {
      account_holder_type: 'individual',
      account_type: 'checking',
      bank_name: 'STRIPE TEST BANK',
      financial_connections_account: null,
      fingerprint: fingerprintOf(BANK_ACCOUNT_NUMBER),
      last4: BANK_ACCOUNT_NUMBER.slice(-4),
      networks: { preferred: 'ach', supported: ['ach'] },
      routing_number: '110000000',
      status_details: null,
    },
  };
  const card: Card = {
    id: method.id,
    number: BANK_ACCOUNT_NUMBER,
    behavior: { ...PAYS, settlement: 'processing' },
    setUp: true,
    spent: false,
  };
  return { method: tx.put('payment_methods', method), card: tx.put('cards', card) };
}

/** What a customer pays with at a third-party provider: it is used once and shows no card. */
export function newProviderMethod(
  tx: Transaction,
  behavior: Card['behavior'],
): { method: Stripe.PaymentMethod; card: Card } {
  const method: Stripe.PaymentMethod = {
    id: newId('pm'),
    object: 'payment_method',
    allow_redisplay: 'limited',
    billing_details: NO_BILLING_DETAILS,
    created: tx.now,
    customer: null,
    customer_account: null,
    link: { email: null, persistent_token: undefined },
    livemode: false,
    metadata: {},
    type: 'link',
  };
  const card: Card = { id: method.id, number: method.id, behavior, setUp: false, spent: false };
  return { method: tx.put('payment_methods', method), card: tx.put('cards', card) };
}
