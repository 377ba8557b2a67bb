/** Auto-reload, rule by rule, in Temporal's time-skipping server: the minutes between attempts are really waited for. */
import * as messages from '../../workflows/messages';
import { transaction } from '../../ledger/db';
import { removePaymentMethod } from '../../ledger/paymentMethods';
import { liftSuspension, setSuspension } from '../../ledger/suspensions';
import { until } from '../support/notices';
import { testWithSwitches, World } from '../support/world';

let world: World;
beforeAll(async () => {
  world = await World.start({ time: 'skipping' });
});
afterAll(() => world.close());
afterEach(() => world.clearFaults());

const MINUTE = 60_000;
const settings = { threshold: '10.00', amount: '25.00' };
const declining = 'pm_card_chargeCustomerFail';

describe('A1 what auto-reload needs', () => {
  test('A1 without a payment method it is refused, and the refusal names it', async () => {
    const account = await world.account({ balance: '20.00', cards: [] });
    expect(await account.configure(settings)).toMatchObject({ kind: 'refused', code: 'payment_method_required' });
  });

  test('A1 without an earlier purchase it is refused, and the refusal names it', async () => {
    const account = await world.account({ balance: '20.00' });
    expect(await account.configure(settings)).toMatchObject({ kind: 'refused', code: 'first_purchase_required' });
    expect((await account.autoReload()).status).toBe('off');
  });
});

describe('A3, A6 when and what is charged', () => {
  test('A3 a reload starts when available reaches the threshold', async () => {
    const account = await world.account({ balance: '20.00', autoReload: settings });
    await account.use('9.999999999');
    await account.settle();
    expect(await account.reloads()).toEqual([]);
    await account.use('0.000000001');
    await account.settle();
    expect(await account.credits()).toEqual(['adjustment 20.00', 'reload 25.00']);
    expect(await account.available()).toBe('35.00');
  });

  test('A6 each reload charges exactly the amount; still at the threshold, the next one follows', async () => {
    const account = await world.account({ balance: '20.00', autoReload: settings });
    await account.use('70.00');
    await account.settle();
    expect(await account.credits()).toEqual(['adjustment 20.00', 'reload 25.00', 'reload 25.00', 'reload 25.00']);
    expect(await account.available()).toBe('25.00');
    expect(await account.paidCharges()).toBe(3);
  });

  test('A6 a declining primary with a good backup: one credit, no strike', async () => {
    const account = await world.account({ balance: '20.00', cards: [declining, 'pm_card_mastercard'], autoReload: settings });
    await account.use('15.00');
    await account.settle();
    expect(await account.reloads()).toMatchObject([{ state: 'succeeded', attempts: ['1 primary declined', '1 backup succeeded'] }]);
    expect(await account.autoReload()).toMatchObject({ status: 'on', strikes: 0 });
    expect(await account.paidCharges()).toBe(1);
    expect(await account.notices()).toEqual(['reload_succeeded']);
  });

  test('A7 five usages at once that each cross the threshold make one reload', async () => {
    const account = await world.account({ balance: '100.00', autoReload: { threshold: '50.00', amount: '100.00' } });
    await Promise.all([1, 2, 3, 4, 5].map(() => account.use('20.00')));
    await account.settle();
    expect(await account.reloads()).toMatchObject([{ number: 1, state: 'succeeded' }]);
    expect(await account.available()).toBe('100.00');
  });

  test('A7 signals repeated, reordered and stale change nothing', async () => {
    const account = await world.account({ balance: '20.00', autoReload: settings });
    const early = await account.use('1.00', { signal: false });
    const low = await account.use('10.00', { signal: false });
    for (const position of [low, early, low, early, low]) await account.signalUsage(position);
    await account.settle();
    for (const position of [early, low, low]) await account.signalUsage(position);
    await account.settle();
    expect(await account.credits()).toEqual(['adjustment 20.00', 'reload 25.00']);
  });
});

describe('A4, A5 changes', () => {
  test('A5 enabling at or below the threshold charges the smallest whole multiple that brings available above it', async () => {
    const account = await world.account({ balance: '0.50' });
    await world.database.pool.query(`insert into payments (id, account_id, purpose, amount_cents, status, actor) values (gen_random_uuid(), $1, 'prepayment', 500, 'succeeded', 'test')`, [account.id]);
    expect(await account.configure({ threshold: '25.00', amount: '10.00' })).toMatchObject({ kind: 'charged', cents: 3_000 });
    expect(await account.available()).toBe('30.50');
    expect(await account.autoReload()).toMatchObject({ status: 'on', thresholdCents: 2_500, amountCents: 1_000 });
  });

  test('A5 a first charge declined on every method is the answer: nothing is enabled, and it is no strike', async () => {
    const account = await world.account({ balance: '6.00', cards: [declining, declining], autoReload: { threshold: '5.00', amount: '5.00' } });
    expect(await account.configure({ threshold: '50.00', amount: '50.00' })).toMatchObject({ kind: 'declined', declineCode: 'generic_decline' });
    await account.settle();
    expect(await account.autoReload()).toMatchObject({ status: 'on', strikes: 0, thresholdCents: 500, amountCents: 500 });
    expect(await account.reloads()).toMatchObject([{ state: 'failed', status: 'canceled', attempts: ['1 primary declined', '1 backup declined'] }]);
  });

  test('A5 a first charge over $12,500 is refused: the amount is too small for this balance', async () => {
    const account = await world.account({ balance: '6.00', autoReload: { threshold: '5.00', amount: '5.00' } });
    await account.disable();
    await account.use('20000.00');
    expect(await account.configure({ threshold: '5.00', amount: '2500.00' })).toMatchObject({ kind: 'refused', code: 'amount_too_small' });
    expect(await account.reloads()).toEqual([]);
  });

  testWithSwitches('A5 a first charge whose outcome is unknown is pending; its settings are in force once it is known', async () => {
    const account = await world.account({ balance: '6.00', autoReload: { threshold: '5.00', amount: '5.00' } });
    await world.simulate('POST', '/faults', { match: { method: 'POST', path: '/confirm$' }, effect: 'timeout_after' });
    await world.simulate('POST', '/faults', { match: { method: 'GET', path: '^/v1/payment_intents/' }, effect: 'timeout_before' });
    const answer = account.configure({ threshold: '10.00', amount: '20.00' });
    await world.sleep(25_000);
    expect(await answer).toEqual({ kind: 'pending' });
    expect(await account.autoReload()).toMatchObject({ thresholdCents: 500 });
    expect(await account.configure({ threshold: '11.00', amount: '20.00' })).toMatchObject({ kind: 'refused', code: 'reload_in_flight' });
    await world.simulate('DELETE', '/faults');
    await world.sleep(5 * MINUTE);
    await account.settle();
    expect(await account.autoReload()).toMatchObject({ status: 'on', thresholdCents: 1_000, amountCents: 2_000 });
    expect(await account.credits()).toEqual(['adjustment 6.00', 'reload 20.00']);
    expect(await account.paidCharges()).toBe(1);
  });

  test('A4 a reload in flight keeps the amount it started with', async () => {
    const account = await world.account({ balance: '20.00', cards: [declining], autoReload: settings });
    await account.use('15.00');
    await account.settle();
    expect(await account.configure({ threshold: '15.00', amount: '100.00' })).toEqual({ kind: 'saved' });
    await account.addCard('pm_card_visa', 'primary');
    await account.wake(messages.paymentMethodsChangedSignal);
    await account.settle();
    expect(await account.credits()).toEqual(['adjustment 20.00', 'reload 25.00']);
    expect(await account.autoReload()).toMatchObject({ amountCents: 10_000 });
  });
});

describe('A8, A10 strikes and waits', () => {
  test('A8 three strikes in a row disable auto-reload and tell every owner once; the waits are 1 and 5 minutes', async () => {
    const account = await world.account({ balance: '20.00', cards: [declining, declining], autoReload: settings });
    await account.use('15.00');
    await account.settle();
    const began = Date.now();
    expect(await account.autoReload()).toMatchObject({ status: 'on', strikes: 1 });
    await world.sleep(MINUTE - 5_000);
    expect(await account.autoReload()).toMatchObject({ strikes: 1 });
    await world.sleep(10_000);
    await account.settle();
    expect(await account.autoReload()).toMatchObject({ strikes: 2 });
    await world.sleep(5 * MINUTE - 15_000);
    expect(await account.autoReload()).toMatchObject({ strikes: 2 });
    await world.sleep(20_000);
    await account.settle();
    expect(await account.autoReload()).toMatchObject({ status: 'disabled_after_failures', strikes: 3 });
    expect(await account.reloads()).toMatchObject([{
      state: 'failed', status: 'canceled',
      attempts: ['1 primary declined', '1 backup declined', '2 primary declined', '2 backup declined', '3 primary declined', '3 backup declined'],
    }]);
    expect((await account.notices()).filter((kind) => kind !== 'low_balance')).toEqual(['first_failed_attempt', 'disabled_after_failures']);
    expect(await account.paidCharges()).toBe(0);
    expect(Date.now() - began).toBeLessThan(60_000);

    await world.sleep(60 * MINUTE);
    await account.use('1.00');
    await account.settle();
    expect(await account.reloads()).toHaveLength(1);
  });

  test('A10 new usage does not hasten the next attempt; a new payment method does, at once', async () => {
    const account = await world.account({ balance: '20.00', cards: [declining], autoReload: settings });
    await account.use('15.00');
    await account.settle();
    await account.use('0.50');
    await account.settle();
    expect(await account.autoReload()).toMatchObject({ strikes: 1 });
    await account.addCard('pm_card_visa', 'primary');
    await account.wake(messages.paymentMethodsChangedSignal);
    await account.settle();
    expect(await account.credits()).toEqual(['adjustment 20.00', 'reload 25.00']);
    expect(await account.autoReload()).toMatchObject({ status: 'on', strikes: 0 });
  });

  test('A10 a balance that has risen above the threshold cancels the waiting reload', async () => {
    const account = await world.account({ balance: '20.00', cards: [declining], autoReload: settings });
    await account.use('15.00');
    await account.settle();
    await account.credit('50.00');
    await account.settle();
    expect(await account.reloads()).toMatchObject([{ state: 'canceled', status: 'canceled' }]);
    expect(await account.autoReload()).toMatchObject({ status: 'on', strikes: 1 });
  });

  test('A10 delays follow the strikes across reloads', async () => {
    const account = await world.account({ balance: '20.00', cards: [declining], autoReload: settings });
    await account.use('15.00');
    await account.settle();
    await account.credit('50.00');
    await account.settle();
    await account.use('50.00');
    await account.settle();
    expect(await account.reloads()).toHaveLength(1);
    await world.sleep(MINUTE + 5_000);
    await account.settle();
    expect(await account.reloads()).toHaveLength(2);
    expect(await account.autoReload()).toMatchObject({ strikes: 2 });
  });

  testWithSwitches('A8 a reload that succeeds sets the strikes to 0', async () => {
    const account = await world.account({ balance: '20.00', cards: [declining], autoReload: settings });
    await account.use('15.00');
    await account.settle();
    await world.simulate('POST', `/payment-methods/${account.methods[0]}/behavior`, { chargeDecline: null });
    await world.sleep(MINUTE + 5_000);
    await account.settle();
    expect(await account.reloads()).toMatchObject([{ state: 'succeeded', attempts: ['1 primary declined', '2 primary succeeded'] }]);
    expect(await account.autoReload()).toMatchObject({ status: 'on', strikes: 0 });
  });
});

describe('A9 what is no strike', () => {
  testWithSwitches('A9 a charge that timed out but went through is one charge, one credit, no strike', async () => {
    const account = await world.account({ balance: '20.00', autoReload: settings });
    await world.simulate('POST', '/faults', { match: { method: 'POST', path: '/confirm$' }, times: 1, effect: 'timeout_after' });
    await account.use('15.00');
    await account.settle();
    expect(await account.credits()).toEqual(['adjustment 20.00', 'reload 25.00']);
    expect(await account.paidCharges()).toBe(1);
    expect(await account.autoReload()).toMatchObject({ strikes: 0 });
  });

  testWithSwitches.each(['error_500', 'error_500_after', 'error_429', 'error_503', 'reset_before', 'reset_after', 'timeout_before', 'garbage'] as const)(
    'A9 an outage at Stripe (%s) is no strike, and ends in one charge and one credit', async (effect) => {
      const account = await world.account({ balance: '20.00', autoReload: settings });
      await world.simulate('POST', '/faults', { match: { path: '^/v1/payment_intents' }, times: 3, effect });
      await account.use('15.00');
      for (let i = 0; i < 6; i++) await world.sleep(MINUTE);
      await account.settle();
      expect(await account.credits()).toEqual(['adjustment 20.00', 'reload 25.00']);
      expect(await account.paidCharges()).toBe(1);
      expect(await account.autoReload()).toMatchObject({ status: 'on', strikes: 0 });
    });
});

describe('A13 pause, resume, disable', () => {
  test('A13 a paused account keeps its settings and reloads nothing; resuming at the threshold opens an ordinary reload', async () => {
    const account = await world.account({ balance: '20.00', autoReload: settings });
    expect(await account.pause()).toEqual({ kind: 'saved' });
    await account.use('15.00');
    await account.settle();
    expect(await account.reloads()).toEqual([]);
    expect(await account.configure({ threshold: '12.00', amount: '30.00' })).toEqual({ kind: 'saved' });
    expect(await account.autoReload()).toMatchObject({ status: 'paused', thresholdCents: 1_200 });
    expect(await account.resume()).toEqual({ kind: 'saved' });
    await account.settle();
    expect(await account.credits()).toEqual(['adjustment 20.00', 'reload 30.00']);
  });

  test('A10 pausing cancels the waiting reload', async () => {
    const account = await world.account({ balance: '20.00', cards: [declining], autoReload: settings });
    await account.use('15.00');
    await account.settle();
    await account.pause();
    await account.settle();
    expect(await account.reloads()).toMatchObject([{ state: 'canceled', status: 'canceled' }]);
  });

  test('A13 disabling tells every owner; re-enabling starts at 0 strikes', async () => {
    const account = await world.account({ balance: '20.00', cards: [declining], autoReload: settings });
    await account.use('15.00');
    await account.settle();
    expect(await account.disable()).toEqual({ kind: 'saved' });
    expect(await account.disable()).toEqual({ kind: 'saved' });
    await account.settle();
    expect((await account.notices()).filter((kind) => kind === 'disabled_by_owner')).toHaveLength(1);
    await account.credit('100.00');
    expect(await account.configure(settings)).toEqual({ kind: 'saved' });
    expect(await account.autoReload()).toMatchObject({ status: 'on', strikes: 0 });
  });
});

describe('S2, N1 the flag and its mails', () => {
  test('S2 the workflow flips the flag at zero, and back when money arrives; owners hear of both', async () => {
    const account = await world.account({ balance: '2.00' });
    expect((await account.autoReload()).flag).toEqual([]);
    await account.use('2.00');
    await account.settle();
    expect((await account.autoReload()).flag).toEqual(['balance_exhausted']);
    expect(await account.notices()).toContain('suspended');
    await account.credit('50.00');
    await account.settle();
    expect((await account.autoReload()).flag).toEqual([]);
    expect(await account.notices()).toEqual(expect.arrayContaining(['suspended', 'resumed']));
    expect(await account.decisions()).toEqual(expect.arrayContaining(['suspend S2', 'resume S2']));
  });

  test('N1 "suspended" waits for a reload in flight: one that lifts it within a minute is not told', async () => {
    const account = await world.account({ balance: '20.00', autoReload: settings });
    await account.use('20.00');
    await account.settle();
    await world.sleep(2 * MINUTE);
    expect(await account.notices()).toEqual(['reload_succeeded']);
    expect(await account.available()).toBe('25.00');
  });

  test('N1 low balance is told once while auto-reload is off', async () => {
    const account = await world.account({ balance: '20.00' });
    await account.use('15.50');
    await account.settle();
    await account.use('1.00');
    await account.settle();
    expect(await account.notices()).toEqual(['low_balance']);
  });
});

test('P5 no reload opens while the account is suspended by an admin; it opens when that is lifted', async () => {
  const account = await world.account({ balance: '20.00', autoReload: settings });
  await transaction(world.database.pool, (tx) => setSuspension(tx, account.id, 'admin_suspended', 'looked odd', 'ada'));
  await account.wake(messages.reasonsChangedSignal);
  await account.use('15.00');
  await account.settle();
  expect(await account.reloads()).toEqual([]);
  expect(await account.autoReload()).toMatchObject({ blockedBy: 'suspended', flag: ['admin_suspended'] });
  await transaction(world.database.pool, (tx) => liftSuspension(tx, account.id, 'admin_suspended'));
  await account.wake(messages.reasonsChangedSignal);
  await account.settle();
  expect(await account.reloads()).toMatchObject([{ state: 'succeeded' }]);
  expect(await account.autoReload()).toMatchObject({ blockedBy: null, flag: [] });
});

testWithSwitches('A5 a first charge that is not needed any more when its attempt begins saves the settings without charging', async () => {
  const account = await world.account({ balance: '6.00', autoReload: { threshold: '5.00', amount: '5.00' } });
  await world.simulate('POST', '/faults', { match: { method: 'POST', path: '^/v1/payment_intents$' }, times: 2, effect: 'error_503' });
  const answer = account.configure({ threshold: '10.00', amount: '20.00' });
  await until(() => account.reloads(), (reloads) => reloads[0]?.state === 'unknown');
  await account.credit('50.00');
  await world.sleep(15_000);
  expect(await answer).toEqual({ kind: 'saved' });
  await account.settle();
  expect(await account.autoReload()).toMatchObject({ status: 'on', thresholdCents: 1_000, amountCents: 2_000 });
  expect(await account.reloads()).toMatchObject([{ state: 'canceled', status: 'canceled' }]);
  expect(await account.paidCharges()).toBe(0);
});

testWithSwitches('A9 a card that is removed while its charge is unknown does not hold up the backup', async () => {
  const account = await world.account({ balance: '20.00', cards: ['pm_card_visa', 'pm_card_mastercard'], autoReload: settings });
  await world.simulate('POST', '/faults', { match: { method: 'POST', path: '/confirm$' }, times: 2, effect: 'error_503' });
  await account.use('15.00');
  await until(() => account.reloads(), (reloads) => reloads[0]?.state === 'unknown');
  await world.stripe.paymentMethods.detach(account.methods[0]!);
  await transaction(world.database.pool, (tx) => removePaymentMethod(tx, account.id, account.methods[0]!));
  await account.wake(messages.paymentMethodsChangedSignal);
  await world.sleep(MINUTE);
  await account.settle();
  expect(await account.credits()).toEqual(['adjustment 20.00', 'reload 25.00']);
  expect(await account.reloads()).toMatchObject([{ attempts: ['1 primary declined', '1 backup succeeded'] }]);
  expect(await account.paidCharges()).toBe(1);
});

describe('B3 usage reported by signal', () => {
  const event = (id: string, inputTokens: number) => ({ id, model: 'signalled', inputTokens });
  beforeAll(() => world.database.pool.query(
    `with m as (insert into models (id, provider, license, input, output, batch) values ('signalled', 'test', 'open', '{text}', 'text', false) returning id)
     insert into model_prices (model_id, starts_at, input_per_million_nano) select id, '2020-01-01', 1000000000 from m`));

  test('B3 events of a signal are deducted once, however often they are signalled, and start a reload', async () => {
    const account = await world.account({ balance: '20.00', autoReload: settings });
    const events = [event('a', 4_000_000), event('b', 8_000_000), event('a', 4_000_000)];
    await account.wake(messages.reportUsageSignal, { events });
    await account.wake(messages.reportUsageSignal, { events });
    await until(() => account.credits(), (credits) => credits.length === 2);
    await account.settle();
    expect(await account.available()).toBe('33.00');
  });

  test('B4 what can not be taken is kept for the admins, and the rest is taken', async () => {
    const account = await world.account({ balance: '20.00' });
    await account.wake(messages.reportUsageSignal, { events: [event('a', -1), { ...event('b', 1), accountId: 'somebody-else' }, event('c', 1_000_000), 'junk' as never] });
    await until(() => account.available(), (available) => available === '18.999999');
    const rejected = async () => (await world.database.pool.query('select event_id, code from rejected_usage where account_id = $1', [account.id])).rows;
    expect(await until(rejected, ({ length }) => length > 0)).toEqual([{ event_id: 'a', code: 'invalid_event' }]);
  });
});
