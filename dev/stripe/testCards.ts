// Stripe's test cards (https://docs.stripe.com/testing) by id, token and number, and the simulator's own.
import { createHash } from 'node:crypto';
import { PAYS, type CardBehavior } from './cardBehavior';

export type TestCard = {
  /** The name after `pm_card_` (or `pm_sim_`); tokens say `tok_` before it. */
  name: string;
  number: string;
  brand: string;
  funding: 'credit' | 'debit' | 'prepaid';
  behavior: CardBehavior;
};

type Details = Partial<Pick<TestCard, 'brand' | 'funding'>>;

function card(name: string, number: string, behavior: Partial<CardBehavior> = {}, details: Details = {}): TestCard {
  return { name, number, brand: 'visa', funding: 'credit', ...details, behavior: { ...PAYS, ...behavior } };
}

/** Declined both when attached and when charged without being attached first. */
function declined(name: string, number: string, declineCode: string): TestCard {
  return card(name, number, { attachDecline: declineCode, chargeDecline: declineCode });
}

const STRIPE_CARDS: TestCard[] = [
  card('visa', '4242424242424242'),
  card('visa_debit', '4000056655665556', {}, { funding: 'debit' }),
  card('mastercard', '5555555555554444', {}, { brand: 'mastercard' }),
  card('mastercard_debit', '5200828282828210', {}, { brand: 'mastercard', funding: 'debit' }),
  card('mastercard_prepaid', '5105105105105100', {}, { brand: 'mastercard', funding: 'prepaid' }),
  card('amex', '378282246310005', {}, { brand: 'amex' }),
  card('discover', '6011111111111117', {}, { brand: 'discover' }),
  card('diners', '3056930009020004', {}, { brand: 'diners' }),
  card('jcb', '3566002020360505', {}, { brand: 'jcb' }),
  card('unionpay', '6200000000000005', {}, { brand: 'unionpay' }),
  card('us', '4242424242424242'),
  card('bypassPending', '4000000000000077'),
  card('threeDSecureOptional', '4000000000003055'),
  card('chargeCustomerFail', '4000000000000341', { chargeDecline: 'generic_decline' }),
  declined('visa_chargeDeclined', '4000000000000002', 'generic_decline'),
  declined('visa_chargeDeclinedInsufficientFunds', '4000000000009995', 'insufficient_funds'),
  declined('visa_chargeDeclinedLostCard', '4000000000009987', 'lost_card'),
  declined('visa_chargeDeclinedStolenCard', '4000000000009979', 'stolen_card'),
  declined('chargeDeclinedExpiredCard', '4000000000000069', 'expired_card'),
  declined('chargeDeclinedIncorrectCvc', '4000000000000127', 'incorrect_cvc'),
  declined('chargeDeclinedProcessingError', '4000000000000119', 'processing_error'),
  declined('visa_chargeDeclinedVelocityLimitExceeded', '4000000000006975', 'card_velocity_exceeded'),
  declined('radarBlock', '4100000000000019', 'fraudulent'),
  card('authenticationRequired', '4000002760003184', { authentication: 'always' }),
  card('authenticationRequiredOnSetup', '4000002500003155', { authentication: 'until_set_up' }),
  card('authenticationRequiredSetupForOffSession', '4000003800000446', { authentication: 'on_session' }),
  card('authenticationRequiredChargeDeclinedInsufficientFunds', '4000008260003178', {
    authentication: 'always',
    chargeDecline: 'insufficient_funds',
  }),
  card('threeDSecure2Required', '4000000000003220', { authentication: 'always' }),
  card('threeDSecureRequired', '4000000000003063', { authentication: 'always' }),
  card('threeDSecureRequiredChargeDeclined', '4000008400001629', {
    authentication: 'always',
    chargeDecline: 'generic_decline',
  }),
  card('createDispute', '4000000000000259', { dispute: 'fraudulent' }),
  card('createDisputeProductNotReceived', '4000000000002685', { dispute: 'product_not_received' }),
  card('createDisputeInquiry', '4000000000001976', { dispute: 'inquiry' }),
  card('pendingRefund', '4000000000007726', { refund: 'pending_then_succeeded' }),
  card('refundFail', '4000000000005126', { refund: 'succeeded_then_failed' }),
];

/** Stripe knows these cards under a shorter name too. */
const ALIASES = new Map(
  Object.entries<string>({
    chargeDeclined: 'visa_chargeDeclined',
    chargeDeclinedInsufficientFunds: 'visa_chargeDeclinedInsufficientFunds',
    chargeDeclinedLostCard: 'visa_chargeDeclinedLostCard',
    chargeDeclinedStolenCard: 'visa_chargeDeclinedStolenCard',
    visa_chargeDeclinedExpiredCard: 'chargeDeclinedExpiredCard',
    visa_chargeDeclinedIncorrectCvc: 'chargeDeclinedIncorrectCvc',
    visa_chargeDeclinedProcessingError: 'chargeDeclinedProcessingError',
    chargeDeclinedVelocityLimitExceeded: 'visa_chargeDeclinedVelocityLimitExceeded',
  }),
);

const STRIPE_BY_NAME = new Map(STRIPE_CARDS.map((entry) => [entry.name, entry]));
const STRIPE_BY_NUMBER = new Map(STRIPE_CARDS.map((entry) => [entry.number, entry]).reverse() as [string, TestCard][]);

/** `pm_card_visa`, `tok_visa` or one of the simulator's own `pm_sim_…`; null for any other id. */
export function testCardById(id: string): TestCard | null {
  if (id.startsWith('pm_sim_')) return simulatorCard(id.slice('pm_sim_'.length));
  const name = id.startsWith('pm_card_')
    ? id.slice('pm_card_'.length)
    : id.startsWith('tok_')
      ? id.slice('tok_'.length)
      : null;
  return name === null ? null : (STRIPE_BY_NAME.get(ALIASES.get(name) ?? name) ?? null);
}

export function testCardByNumber(number: string): TestCard | null {
  return STRIPE_BY_NUMBER.get(number) ?? null;
}

/**
 * The simulator's own cards attach, and act up only when charged: `charge_<decline code>` declines with that code,
 * `charge_processing` stays pending, `visa_<digits>` pays as a card of its own number (and so with its own fingerprint).
 */
function simulatorCard(name: string): TestCard | null {
  if (name === 'charge_processing') return card(name, ownNumber(name), { settlement: 'processing' });
  const declineCode = /^charge_([a-z_]{3,60})$/.exec(name)?.[1];
  if (declineCode !== undefined) return card(name, ownNumber(name), { chargeDecline: declineCode });
  return /^visa_\d{1,6}$/.test(name) ? card(name, ownNumber(name)) : null;
}

/** One number per name: the same card each time, so that its fingerprint is the same. */
function ownNumber(name: string): string {
  const digits = BigInt(`0x${createHash('sha256').update(name).digest('hex').slice(0, 12)}`)
    .toString()
    .padStart(12, '0');
  return `4999${digits.slice(-12)}`;
}

/** The cards a hosted page offers. */
export const OFFERED_CARDS: { id: string; label: string }[] = [
  { id: 'pm_card_visa', label: 'Visa 4242: pays' },
  { id: 'pm_card_mastercard', label: 'Mastercard 4444: pays' },
  { id: 'pm_card_amex', label: 'American Express 0005: pays' },
  { id: 'pm_card_authenticationRequired', label: 'Visa 3184: asks for confirmation at every payment' },
  { id: 'pm_card_authenticationRequiredOnSetup', label: 'Visa 3155: asks for confirmation once, when set up' },
  { id: 'pm_card_chargeCustomerFail', label: 'Visa 0341: can be saved, declines every charge' },
  { id: 'pm_card_visa_chargeDeclined', label: 'Visa 0002: declined' },
  { id: 'pm_card_visa_chargeDeclinedInsufficientFunds', label: 'Visa 9995: insufficient funds' },
  { id: 'pm_card_createDispute', label: 'Visa 0259: pays, then disputes the charge' },
];
