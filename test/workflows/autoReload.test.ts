/** Auto-reload, rule by rule, in Temporal's time-skipping server: the minutes between attempts are really waited for. */
import * as messages from '../../workflows/messages';
import { until } from '../support/notices';
import { testsWithSwitches } from '../support/testsWithSwitches';
import { World } from '../support/world';

const testWithSwitches = testsWithSwitches();

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
    const account = await world.account({
      balance: '20.00',
      cards: [declining, 'pm_card_mastercard'],
      autoReload: settings,
    });
    await account.use('15.00');
    await account.settle();
    expect(await account.reloads()).toMatchObject([
      { state: 'succeeded', attempts: ['1 primary declined', '1 backup succeeded'] },
    ]);
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
    await world.database.pool.query(
      `insert into payments (id, account_id, purpose, amount_cents, status, actor) values (gen_random_uuid(), $1, 'prepayment', 500, 'succeeded', 'test')`,
      [account.id],
    );
    expect(await account.configure({ threshold: '25.00', amount: '10.00' })).toMatchObject({
      kind: 'charged',
      cents: 3_000,
    });
    expect(await account.available()).toBe('30.50');
    expect(await account.autoReload()).toMatchObject({ status: 'on', thresholdCents: 2_500, amountCents: 1_000 });
  });

  test('A5 a first charge declined on every method is the answer: nothing is enabled, and it is no strike', async () => {
    const account = await world.account({
      balance: '6.00',
      cards: [declining, declining],
      autoReload: { threshold: '5.00', amount: '5.00' },
    });
    expect(await account.configure({ threshold: '50.00', amount: '50.00' })).toMatchObject({
      kind: 'declined',
      declineCode: 'generic_decline',
    });
    await account.settle();
    expect(await account.autoReload()).toMatchObject({
      status: 'on',
      strikes: 0,
      thresholdCents: 500,
      amountCents: 500,
    });
    expect(await account.reloads()).toMatchObject([
      { state: 'failed', status: 'canceled', attempts: ['1 primary declined', '1 backup declined'] },
    ]);
  });

  test('A5 a first charge over $12,500 is refused: the amount is too small for this balance', async () => {
    const account = await world.account({ balance: '6.00', autoReload: { threshold: '5.00', amount: '5.00' } });
    await account.disable();
    await account.use('20000.00');
    expect(await account.configure({ threshold: '5.00', amount: '2500.00' })).toMatchObject({
      kind: 'refused',
      code: 'amount_too_small',
    });
    expect(await account.reloads()).toEqual([]);
  });

  testWithSwitches(
    'A5 a first charge whose outcome is unknown is pending; its settings are in force once it is known',
    async () => {
      const account = await world.account({ balance: '6.00', autoReload: { threshold: '5.00', amount: '5.00' } });
      await world.simulate('POST', '/faults', {
        match: { method: 'POST', path: '/confirm$' },
        effect: 'timeout_after',
      });
      await world.simulate('POST', '/faults', {
        match: { method: 'GET', path: '^/v1/payment_intents/pi_' },
        effect: 'timeout_before',
      });
      const answer = account.configure({ threshold: '10.00', amount: '20.00' });
      await until(
        () => account.reloads(),
        (reloads) => reloads[0]?.state === 'unknown',
      );
      await world.sleep(25_000);
      expect(await answer).toEqual({ kind: 'pending' });
      expect(await account.autoReload()).toMatchObject({ thresholdCents: 500 });
      expect(await account.configure({ threshold: '11.00', amount: '20.00' })).toMatchObject({
        kind: 'refused',
        code: 'reload_in_flight',
      });
      await world.simulate('DELETE', '/faults');
      await world.sleep(5 * MINUTE);
      await account.settle();
      expect(await account.autoReload()).toMatchObject({ status: 'on', thresholdCents: 1_000, amountCents: 2_000 });
      expect(await account.credits()).toEqual(['adjustment 6.00', 'reload 20.00']);
      expect(await account.paidCharges()).toBe(1);
    },
  );

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
