// Refunds and disputes.
import { customerWith, failureOf, newIntent, startHarness, type Harness } from './stripeSimulatorHarness';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.simulator.stop());

async function paidWith(testMethod: string): Promise<{ intent: string; charge: string }> {
  const { stripe } = harness;
  const { customer, method } = await customerWith(stripe, testMethod);
  const { id } = await newIntent(stripe, customer);
  const paid = await stripe.paymentIntents.confirm(id, { payment_method: method, off_session: true });
  return { intent: id, charge: paid.latest_charge as string };
}

describe('refunds', () => {
  test('parts are refunded until nothing is left', async () => {
    const { stripe } = harness;
    const { intent, charge } = await paidWith('pm_card_visa');
    expect(await stripe.refunds.create({ payment_intent: intent, amount: 1_000 })).toMatchObject({
      status: 'succeeded',
      amount: 1_000,
      charge,
    });
    expect(await stripe.charges.retrieve(charge)).toMatchObject({ amount_refunded: 1_000, refunded: false });
    const tooMuch = await failureOf(stripe.refunds.create({ payment_intent: intent, amount: 1_501 }));
    expect(tooMuch).toMatchObject({
      statusCode: 400,
      param: 'amount',
      message: expect.stringContaining('greater than unrefunded amount on charge ($15.00)'),
    });
    expect(await stripe.refunds.create({ charge })).toMatchObject({ amount: 1_500 });
    expect(await failureOf(stripe.refunds.create({ charge }))).toMatchObject({ code: 'charge_already_refunded' });
    const byIntent = await stripe.refunds.list({ payment_intent: intent });
    expect(byIntent.data.map(({ amount }) => amount)).toEqual([1_500, 1_000]);
    expect((await stripe.refunds.list({ charge })).data).toHaveLength(2);
    const expanded = await stripe.charges.retrieve(charge, { expand: ['refunds'] });
    expect(expanded.refunds?.data).toHaveLength(2);
  });

  test('what was not paid is not refunded', async () => {
    const { stripe } = harness;
    const { customer } = await customerWith(stripe, 'pm_card_visa');
    const intent = await newIntent(stripe, customer);
    expect(await failureOf(stripe.refunds.create({ payment_intent: intent.id }))).toMatchObject({ statusCode: 400 });
  });

  test('a refund can fail afterwards, and the charge counts as not refunded', async () => {
    const { stripe, sim } = harness;
    const { intent, charge } = await paidWith('pm_card_visa');
    const refund = await stripe.refunds.create({ payment_intent: intent, amount: 700 });
    await sim(`POST /_sim/refunds/${refund.id}/fail`);
    expect(await stripe.refunds.retrieve(refund.id)).toMatchObject({
      status: 'failed',
      failure_reason: 'lost_or_stolen_card',
    });
    expect(await stripe.charges.retrieve(charge)).toMatchObject({ amount_refunded: 0, refunded: false });
    const failing = await paidWith('pm_card_refundFail');
    const failed = await stripe.refunds.create({ payment_intent: failing.intent });
    expect(failed.status).toBe('succeeded');
    expect((await stripe.refunds.retrieve(failed.id)).status).toBe('failed');
  });
});

describe('disputes', () => {
  test('createDispute is disputed as soon as it has paid, and cannot be refunded', async () => {
    const { stripe } = harness;
    const { intent, charge } = await paidWith('pm_card_createDispute');
    const { data } = await stripe.disputes.list({ payment_intent: intent });
    expect(data).toMatchObject([{ charge, amount: 2_500, status: 'needs_response', reason: 'fraudulent' }]);
    expect(await stripe.charges.retrieve(charge)).toMatchObject({ disputed: true });
    expect(await failureOf(stripe.refunds.create({ charge }))).toMatchObject({ code: 'charge_disputed' });
  });

  test.each([
    ['winning_evidence', 'won', 0],
    ['losing_evidence', 'lost', -2_500],
  ])('%s ends a dispute as %s', async (text, status, net) => {
    const { stripe } = harness;
    const { charge } = await paidWith('pm_card_createDispute');
    const [dispute] = (await stripe.disputes.list({ charge })).data;
    const closed = await stripe.disputes.update(dispute?.id as string, { evidence: { uncategorized_text: text } });
    expect(closed.status).toBe(status);
    expect(closed.balance_transactions.reduce((sum, { amount }) => sum + amount, 0)).toBe(net);
    expect(await failureOf(stripe.disputes.close(closed.id))).toMatchObject({ statusCode: 400 });
  });

  test('other evidence is reviewed until a switch decides', async () => {
    const { stripe, sim } = harness;
    const { intent } = await paidWith('pm_card_visa');
    const opened = await sim<{ id: string }>('POST /_sim/disputes', { paymentIntent: intent, amount: 900 });
    expect(await stripe.disputes.update(opened.id, { evidence: { customer_name: 'Ada' } })).toMatchObject({
      status: 'under_review',
      amount: 900,
    });
    expect(await sim(`POST /_sim/disputes/${opened.id}/close`, { outcome: 'won' })).toMatchObject({ status: 'won' });
  });

  test('accepting a dispute loses it, and an inquiry takes no money', async () => {
    const { stripe } = harness;
    const lost = await paidWith('pm_card_createDispute');
    const [dispute] = (await stripe.disputes.list({ charge: lost.charge })).data;
    expect(await stripe.disputes.close(dispute?.id as string)).toMatchObject({ status: 'lost' });
    const asked = await paidWith('pm_card_createDisputeInquiry');
    const [inquiry] = (await stripe.disputes.list({ charge: asked.charge })).data;
    expect(inquiry).toMatchObject({
      status: 'warning_needs_response',
      balance_transactions: [],
      is_charge_refundable: true,
    });
  });
});
