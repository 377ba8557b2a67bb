/** The state table of payments: what follows each answer, in each state of the payment (A7, A9, P2, P3). */
import type { PaymentAnswer } from '../../domain/payment';
import { PAYMENT_STATES, placeOf, stepAfter, type PaymentInBrief, type Place } from '../../domain/paymentStates';

const paidBy = (more: object = {}): PaymentAnswer => ({
  kind: 'paid',
  paid: {
    paymentIntentId: 'pi_1',
    receivedCents: 2_500,
    currency: 'usd',
    chargeId: 'ch_1',
    paymentMethodId: 'pm_1',
    receiptUrl: null,
    brand: null,
    last4: null,
    card: null,
    ...more,
  },
});
const payment = (more: Partial<PaymentInBrief> = {}): PaymentInBrief => ({
  purpose: 'prepayment',
  status: 'processing',
  cents: 2_500,
  atCheckout: false,
  ...more,
});
const places = Object.keys(PAYMENT_STATES) as Place[];

test('P3 what is paid as asked is credited, and what is paid otherwise is quarantined, wherever the payment stands', () => {
  for (const place of places)
    expect(PAYMENT_STATES[place]).toMatchObject({ paid: 'credit', paid_otherwise: 'quarantine' });
  for (const wrong of [{ receivedCents: 2_499 }, { receivedCents: 2_501 }, { currency: 'eur' }])
    expect(stepAfter(payment(), 'news', paidBy(wrong))).toBe('quarantine');
  expect(stepAfter(payment({ status: 'canceled' }), 'news', paidBy())).toBe('credit');
});

test('A9 no answer and no knowledge end no payment that may still be paid', () => {
  for (const place of places) {
    expect(['look_later', 'cancel_later', 'nothing']).toContain(PAYMENT_STATES[place].unknown);
    expect(['look_later', 'look_now', 'cancel_later', 'nothing']).toContain(PAYMENT_STATES[place].processing);
  }
});

test('A7 a payment that is canceled at the provider ends, unless it is decided', () => {
  const decided = ['credited', 'quarantined', 'ended'];
  for (const place of places) expect(PAYMENT_STATES[place].canceled).toBe(decided.includes(place) ? 'nothing' : 'end');
});

test('A9 only the attempt that charges calls a method declined', () => {
  for (const place of places)
    if (Object.values(PAYMENT_STATES[place]).includes('decline')) expect(place).toMatch(/_attempt$/);
});

test('P2 a bank transfer under way at Checkout ends nothing, though the page is over', () => {
  const atCheckout = payment({ atCheckout: true });
  const action: PaymentAnswer = { kind: 'requires_action', url: null, methodId: null };
  expect(stepAfter(atCheckout, 'checkout_over', action)).toBe('nothing');
  expect(stepAfter(atCheckout, 'checkout_over', { kind: 'processing' })).toBe('nothing');
  expect(stepAfter(atCheckout, 'checkout_over', { kind: 'unpaid' })).toBe('end');
  expect(stepAfter(atCheckout, 'news', { kind: 'unpaid' })).toBe('nothing');
});

test('A11, P2 the bank asks the owner: a prepayment waits, a reload off session takes it for a decline', () => {
  const action: PaymentAnswer = { kind: 'requires_action', url: 'https://bank.example/', methodId: 'pm_1' };
  expect(stepAfter(payment(), 'attempt', action)).toBe('ask_owner');
  expect(stepAfter(payment({ purpose: 'reload' }), 'attempt', action)).toBe('decline');
});

test('where a payment stands follows from its status and from who asks', () => {
  expect(placeOf(payment(), 'news')).toBe('in_flight');
  expect(placeOf(payment({ atCheckout: true }), 'news')).toBe('at_checkout');
  expect(placeOf(payment({ status: 'requires_action' }), 'news')).toBe('prepayment_awaits_owner');
  expect(placeOf(payment({ status: 'requires_action', purpose: 'reload' }), 'news')).toBe('reload_awaits_owner');
  expect(placeOf(payment(), 'cancel')).toBe('canceling');
  for (const asking of ['attempt', 'cancel', 'checkout_over', 'news'] as const) {
    expect(placeOf(payment({ status: 'succeeded' }), asking)).toBe('credited');
    expect(placeOf(payment({ status: 'failed' }), asking)).toBe('ended');
  }
});
