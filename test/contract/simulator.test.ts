/** What the simulator answers is what the SDK's types promise of Stripe: every field, every enum (P7). */
import type { StripeSimulator } from '../../dev/stripe/server';
import { createCheckoutPage } from '../../stripe/checkout';
import { confirmIntent, createIntent } from '../../stripe/intents';
import { testClaims } from '../support/provider';
import { createStripe } from '../../stripe/client';
import { attachPaymentMethod, createCustomer, createSetupPage } from '../../stripe/paymentMethods';
import { createRefund } from '../../stripe/refunds';
import { startTestSimulator } from '../support/simulator';
import { loadSdkTypes, type Check } from './sdkTypes';

const TYPES = [
  'Customer',
  'PaymentMethod',
  'PaymentIntent',
  'Charge',
  'Refund',
  'Dispute',
  'Checkout.Session',
  'SetupIntent',
  'Event',
  'BalanceTransaction',
] as const;
type Name = (typeof TYPES)[number];

let simulator: StripeSimulator;
let stripe: ReturnType<typeof createStripe>;
let types: Record<Name, Check>;
/** All objects that the simulator has shown, by their type. */
const seen = new Map<Name, unknown[]>();
const nameOf: Record<string, Name> = {
  customer: 'Customer',
  payment_method: 'PaymentMethod',
  payment_intent: 'PaymentIntent',
  charge: 'Charge',
  refund: 'Refund',
  dispute: 'Dispute',
  'checkout.session': 'Checkout.Session',
  setup_intent: 'SetupIntent',
  event: 'Event',
  balance_transaction: 'BalanceTransaction',
};

const simulate = async (path: string, body: object): Promise<any> =>
  (await fetch(`${simulator.url}/_sim${path}`, { method: 'POST', body: JSON.stringify(body) })).json();
const sessionOf = (url: string): string => new URL(url).pathname.split('/').at(-1)!;

beforeAll(async () => {
  types = loadSdkTypes(TYPES);
  simulator = await startTestSimulator();
  stripe = createStripe({ secretKey: 'sk_test_contract', apiBase: simulator.url });
  await live();
  for (const list of [
    stripe.events.list({ limit: 100 }),
    stripe.charges.list({ limit: 100 }),
    stripe.balanceTransactions.list({ limit: 100 }),
    stripe.paymentIntents.list({ limit: 100, expand: ['data.latest_charge'] }),
    stripe.checkout.sessions.list({ limit: 100 }),
    stripe.refunds.list({ limit: 100 }),
    stripe.disputes.list({ limit: 100 }),
    stripe.setupIntents.list({ limit: 100 }),
    stripe.customers.list({ limit: 100 }),
  ]) {
    for (const object of (await list).data) note(JSON.parse(JSON.stringify(object)));
  }
});
afterAll(() => simulator.stop());

function note(object: { object: string; data?: { object: { object: string } } }): void {
  const name = nameOf[object.object];
  if (name === undefined) throw new Error(`The simulator shows a ${object.object}, which nobody checks.`);
  seen.set(name, [...(seen.get(name) ?? []), object]);
  if (object.object === 'event') note(object.data!.object);
}

/** Everything that can become of money: paid, declined, confirmed, refused, processing, refunded, disputed; saved and paid at Checkout. */
async function live(): Promise<void> {
  const customerId = await createCustomer(stripe, 'acme');
  let number = 0;
  const pay = async (card: string, onSession = false): Promise<string> => {
    const attached = await attachPaymentMethod(stripe, customerId, card);
    if (attached.kind !== 'attached') throw new Error(`${card}: ${attached.kind}`);
    note(JSON.parse(JSON.stringify(await stripe.paymentMethods.retrieve(attached.method.id))));
    const paymentId = `payment-${++number}`;
    const created = await createIntent(
      stripe,
      testClaims,
      {
        paymentId,
        accountId: 'acme',
        purpose: 'reload',
        cents: 2_500,
        customerId,
        idempotencyKey: null,
        requestHash: null,
        reloadNumber: ++number,
      },
      0,
    );
    if (created.kind !== 'created') throw new Error(`no PaymentIntent: ${created.kind}`);
    await confirmIntent(
      stripe,
      {
        paymentIntentId: created.id,
        methodId: attached.method.id,
        onSession,
        returnUrl: 'https://ballast.example/confirm/x',
        knownChargeId: null,
      },
      paymentId,
    );
    return created.id;
  };
  const refunded = await pay('pm_card_visa');
  await createRefund(stripe, { requestId: 'r1', tries: 0, paymentIntentId: refunded, cents: 500 });
  for (const card of ['pm_card_refundFail', 'pm_card_pendingRefund'])
    await createRefund(stripe, { requestId: card, tries: 0, paymentIntentId: await pay(card), cents: 500 });
  for (const card of ['pm_card_chargeCustomerFail', 'pm_sim_charge_lost_card', 'pm_card_authenticationRequired'])
    await pay(card);
  await simulate(`/payment-intents/${await pay('pm_card_authenticationRequired', true)}/confirm-by-owner`, {
    success: true,
  });
  await simulate(`/payment-intents/${await pay('pm_card_authenticationRequired', true)}/confirm-by-owner`, {
    success: false,
  });
  await pay('pm_card_authenticationRequired', true);
  await simulate(`/payment-intents/${await pay('pm_sim_charge_processing')}/settle`, {});
  await stripe.paymentIntents.cancel(await pay('pm_card_chargeCustomerFail'));
  for (const card of [
    'pm_card_createDispute',
    'pm_card_createDisputeInquiry',
    'pm_card_createDisputeProductNotReceived',
  ])
    await pay(card);
  const { data: disputes } = await stripe.disputes.list();
  await simulate(`/disputes/${disputes[0]!.id}/close`, { outcome: 'won' });
  await simulate(`/disputes/${disputes[2]!.id}/close`, { outcome: 'lost' });
  const pages = { successUrl: 'https://console.example/paid', cancelUrl: 'https://console.example/back' };
  for (const choice of [
    { paymentMethod: 'pm_card_visa' },
    { provider: true },
    { paymentMethod: 'pm_card_visa_chargeDeclined' },
    null,
  ]) {
    const page = await createCheckoutPage(
      stripe,
      testClaims,
      {
        paymentId: `checkout-${++number}`,
        accountId: 'acme',
        purpose: 'prepayment',
        cents: 3_000,
        customerId,
        idempotencyKey: `key-${number}`,
        requestHash: null,
        reloadNumber: null,
        ...pages,
      },
      0,
    );
    if (page.kind !== 'created') throw new Error(`no page: ${page.kind}`);
    if (choice) await simulate(`/checkout-sessions/${page.sessionId}/submit`, choice);
    else await stripe.checkout.sessions.expire(page.sessionId);
  }
  await simulate(
    `/checkout-sessions/${sessionOf(await createSetupPage(stripe, customerId, pages.successUrl))}/submit`,
    { paymentMethod: 'pm_card_visa' },
  );
  await createSetupPage(stripe, customerId, pages.successUrl);
}

test.each(TYPES)('P7 every %s fits the type of the SDK', (name) => {
  const objects = seen.get(name) ?? [];
  expect(objects.length).toBeGreaterThan(0);
  const problems = new Set(objects.flatMap((object) => types[name](object)));
  expect([...problems].map((problem) => problem.replace(/\[\d+\]/g, '[]')).sort()).toEqual([]);
});

test('the check can fail: a missing field, a wrong kind, an unknown status and an invented field are found', () => {
  const [refund] = seen.get('Refund') as Record<string, unknown>[];
  const { amount: _amount, ...without } = refund!;
  expect(types.Refund(without)).toEqual(['.amount: missing']);
  expect(types.Refund({ ...refund, amount: '500' })).toEqual([expect.stringContaining('.amount: "500" is not number')]);
  const intent = seen.get('PaymentIntent')![0] as object;
  expect(types.PaymentIntent({ ...intent, status: 'paid' })).toEqual([
    expect.stringContaining('.status: "paid" is not'),
  ]);
  expect(types.PaymentIntent({ ...intent, invented: 1 })).toEqual([expect.stringContaining('.invented: not a field')]);
});
