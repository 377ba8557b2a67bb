/** P6: what no webhook has brought is found, repaired once, or reported; nothing is ever charged. */
import { randomUUID } from 'node:crypto';
import { createActivities } from '../../activities';
import { createClock } from '../../ledger/clock';
import { scheduleReconcile } from '../../workflows/startReconcile';
import type { ReconcileReport } from '../../domain/reconciliation';
import {
  BALANCE_TASK_QUEUE,
  RECONCILE_SCHEDULE_ID,
  type ReconcileInput,
  type ReconcileProgress,
} from '../../workflows/messages';
import { beginAtStripe, linesOf, payAtStripe } from '../support/paid';
import { openAccount, startTestApi, TEST_WEBHOOK_SECRETS, type TestAccount, type TestApi } from '../support/api';
import { testAdmins, testLinks } from '../support/links';
import { testProvider } from '../support/provider';
import { startSchedulingReconcile } from '../../workers/reconcileSchedule';
import { until } from '../support/notices';
import { createTestLog } from '../support/testLog';
import { World } from '../support/world';

let world: World;
let api: TestApi;
beforeAll(async () => {
  world = await World.start({ time: 'real', relay: true });
  api = await startTestApi({ database: world.database, temporal: world.client, stripe: world.stripe });
});
afterAll(async () => {
  await api.close();
  await world.close();
});

const run = async (): Promise<any> => {
  const { status, body } = await api.ask('POST', '/v1/reconcile', { key: api.admin });
  expect(status).toBe(200);
  return body;
};
const pay = (account: TestAccount, cents = 2_500) => payAtStripe(world.stripe, world.database.pool, account.id, cents);
const lines = (account: TestAccount) => linesOf(world.database.pool, account.id);
const chargesMade = async () => ((await world.simulate('GET', '/charges')) as unknown[]).length;
const mark = async (scannedUntil: Date | null) =>
  world.database.pool.query('update reconciliation set scanned_until = $1', [scannedUntil]);

const marks = async () =>
  (await world.database.pool.query('select scanned_until, checked_at from reconciliation')).rows[0];
/** As a worker has them, to be called without a workflow. */
const activities = () =>
  createActivities({
    pool: world.database.pool,
    provider: testProvider(world.stripe),
    policy: { trigger: 'at_or_below', retryDelaysMs: [60_000] },
    links: testLinks,
    log: createTestLog().log,
    clock: createClock(),
    admins: testAdmins,
  });

test('P6 the first run looks at everything, the next at events since; what was lost is repaired once, and nothing is charged', async () => {
  const [credit, refund, open] = [await openAccount(api), await openAccount(api), await openAccount(api)];
  await pay(credit);
  const refunded = await pay(refund);
  await world.stripe.refunds.create({ payment_intent: refunded.intent, amount: 1_000 });
  await beginAtStripe(world.stripe, world.database.pool, open.id, 900);
  const charges = await chargesMade();

  const first = await run();
  expect(first).toMatchObject({
    scanned: { mode: 'all', since: null },
    repaired: { credited: 2, takenBack: 1 },
    unexplained: { count: 0 },
    ledger: { violations: [] },
  });
  expect(await lines(credit)).toEqual(['prepayment 25.00']);
  expect(await lines(refund)).toEqual(['prepayment 25.00', 'refund -10.00']);

  await world.simulate('POST', '/disputes', { paymentIntent: refunded.intent, amount: 500 });
  const late = await pay(credit, 3_000);
  const second = await run();
  expect(second).toMatchObject({ scanned: { mode: 'events' }, repaired: { credited: 1, takenBack: 1 } });
  expect(second.repaired.newest).toContainEqual({ kind: 'credited', accountId: credit.id, about: late.intent });
  expect(await lines(credit)).toEqual(['prepayment 25.00', 'prepayment 30.00']);
  expect((await lines(refund)).slice(2)).toEqual(['dispute -5.00']);

  expect(await run()).toMatchObject({
    looked: { events: 0 },
    repaired: { credited: 0, takenBack: 0, noted: 0, newest: [] },
  });
  expect(await lines(open)).toEqual([]);
  expect(await chargesMade()).toBe(charges + 1);
});

test('P6 the last reports are read again without another run, for admins alone', async () => {
  const read = async () => (await api.ask('GET', '/v1/reconcile', { key: api.admin })).body;
  const asked = await run();
  expect(asked.ledger).not.toBeNull();
  await until(read, (last) => last.asked?.finishedAt === asked.finishedAt);
  expect((await read()).asked).toEqual(asked);
  const input: ReconcileInput = { check: false };
  const scheduled = await world.client.workflow.execute<(given: ReconcileInput) => Promise<ReconcileReport>>(
    'reconcile',
    { workflowId: 'reconcile/scheduled-test', taskQueue: BALANCE_TASK_QUEUE, args: [input] },
  );
  await until(read, (last) => last.scheduled !== null);
  expect(await read()).toEqual({ asked, scheduled: { ...scheduled, restored: null } });
  const { owner } = await openAccount(api);
  expect((await api.ask('GET', '/v1/reconcile', { key: owner })).status).toBe(403);
});

test('P6 a local payment that is not final is looked at even when its event is gone', async () => {
  const account = await openAccount(api);
  await pay(account);
  const events = (await world.stripe.events.list({ limit: 100 })).data.map(({ id }) => id);
  await world.database.pool.query(
    `insert into stripe_events (id, type, about, outcome) select id, 'x', '', 'x' from unnest($1::text[]) id on conflict do nothing`,
    [events],
  );
  expect(await run()).toMatchObject({ looked: { events: 0 }, repaired: { credited: 1 } });
  expect(await lines(account)).toEqual(['prepayment 25.00']);
});

test('P6 a mark in the future, by a clock that was wrong, hides no event: everything is looked at, and the mark is right again', async () => {
  const account = await openAccount(api);
  await pay(account);
  await mark(new Date(Date.now() + 3 * 3_600_000));
  expect(await run()).toMatchObject({ scanned: { mode: 'all' }, repaired: { credited: 1 } });
  expect(await run()).toMatchObject({ scanned: { mode: 'events' } });

  const { beginReconciliation, endReconciliation } = activities();
  const begun = await beginReconciliation(Date.now() + 5 * 3_600_000);
  await endReconciliation(begun.untilMs, begun.run);
  const { rows } = await world.database.pool.query('select scanned_until <= now() as "isPast" from reconciliation');
  expect(rows).toEqual([{ isPast: true }]);
});

test('P6 an end of a run whose answer was lost is repeated, and is no restore', async () => {
  const { beginReconciliation, endReconciliation } = activities();
  const begun = await beginReconciliation(Date.now());
  const first = await endReconciliation(begun.untilMs, begun.run);
  expect(first).not.toBeNull();
  const before = await marks();
  expect(await endReconciliation(begun.untilMs, begun.run)).toEqual(first);
  expect(await marks()).toEqual(before);
});

test('P6 a run that this database does not know, as it was put back since, moves no mark', async () => {
  const { beginReconciliation, endReconciliation } = activities();
  const begun = await beginReconciliation(Date.now());
  await world.database.pool.query(`update reconciliation set runs = '{}'`);
  const before = await marks();
  expect(await endReconciliation(Date.now(), begun.run)).toBeNull();
  expect(await marks()).toEqual(before);
});

test('P4, P6 an event that was about nothing of ours when it came is looked at again, and what can not be explained of it is reported', async () => {
  await run();
  await world.simulate('POST', '/webhooks/url', {
    url: `${api.url}/v1/webhooks/stripe`,
    secret: TEST_WEBHOOK_SECRETS[0],
  });
  const unknown = await world.stripe.paymentIntents.create({
    amount: 800,
    currency: 'usd',
    confirm: true,
    payment_method: 'pm_card_visa',
    return_url: 'https://shop.example/',
    metadata: { ballast_payment: randomUUID() },
  });
  const recorded = () =>
    world.database.pool
      .query<{ outcome: string }>('select distinct outcome from stripe_events where about = $1', [unknown.id])
      .then(({ rows }) => rows.map(({ outcome }) => outcome));
  await until(recorded, (outcomes) => outcomes.length > 0);
  await world.simulate('POST', '/webhooks/url', { url: null });
  expect(await recorded()).toEqual(['foreign']);

  const { unexplained } = await run();
  expect(unexplained.newest).toContainEqual(
    expect.objectContaining({ kind: 'paid_unknown', paymentIntentId: unknown.id }),
  );
  await world.stripe.refunds.create({ payment_intent: unknown.id });
  expect((await run()).unexplained.count).toBe(0);
  expect((await run()).looked.events).toBe(0);
});

test('P2, P6 a Checkout prepayment whose page never came to be ends after a day, and keeps its account from closing no more', async () => {
  const account = await openAccount(api);
  const ask = () =>
    api.ask('POST', `/v1/accounts/${account.id}/prepayments/checkout`, {
      key: account.owner,
      body: { amount: '40.00', successUrl: 'https://console.example/ok', cancelUrl: 'https://console.example/no' },
      headers: { 'Idempotency-Key': 'no-page' },
    });
  const close = () => api.ask('DELETE', `/v1/accounts/${account.id}`, { key: api.admin });
  await world.simulate('POST', '/faults', { match: { path: '^/v1/checkout/sessions' }, times: 9, effect: 'error_500' });
  expect((await ask()).status).toBe(503);
  await world.clearFaults();
  await run();
  expect((await close()).status).toBe(409);

  await world.database.owner.query(
    `update payments set created_at = now() - interval '26 hours' where account_id = $1`,
    [account.id],
  );
  // One that Ballast fails on holds up no run.
  const { owner } = world.database;
  await owner.query(
    `alter table payments add constraint poison check (account_id <> '${account.id}' or status <> 'canceled')`,
  );
  try {
    await run();
  } finally {
    await owner.query('alter table payments drop constraint poison');
  }
  const { repaired } = await run();
  expect(repaired.newest).toContainEqual(expect.objectContaining({ kind: 'noted', accountId: account.id }));
  expect(await ask()).toMatchObject({ status: 402, body: { code: 'card_declined', declineCode: 'canceled' } });
  expect((await close()).status).toBe(200);
});

test('P6 a Checkout payment and an expired page are found', async () => {
  const account = await openAccount(api);
  const page = async () => {
    const { body } = await api.ask('POST', `/v1/accounts/${account.id}/prepayments/checkout`, {
      key: account.owner,
      body: { amount: '40.00', successUrl: 'https://console.example/ok', cancelUrl: 'https://console.example/no' },
      headers: { 'Idempotency-Key': randomUUID() },
    });
    const { rows } = await world.database.pool.query<{ session: string }>(
      'select checkout_session_id as session from payments where id = $1',
      [body.id],
    );
    return rows[0]!.session;
  };
  const [paid, left] = [await page(), await page()];
  await world.simulate('POST', `/checkout-sessions/${paid}/submit`, { paymentMethod: 'pm_card_visa' });
  await world.stripe.checkout.sessions.expire(left);
  expect(await run()).toMatchObject({ repaired: { credited: 1, noted: 1 } });
  expect(await lines(account)).toEqual(['prepayment 40.00']);
  expect(
    (await api.ask('GET', `/v1/accounts/${account.id}/prepayments`, { key: account.owner })).body.data
      .map(({ status }: { status: string }) => status)
      .sort(),
  ).toEqual(['canceled', 'succeeded']);
});

test('P6 a card that is saved while its account is being closed is not kept, and holds up no payment of another', async () => {
  const [closing, other] = [await openAccount(api), await openAccount(api)];
  await api.ask('POST', `/v1/accounts/${closing.id}/payment-methods/setup`, {
    key: closing.owner,
    body: { returnUrl: 'https://console.example/' },
  });
  const session = (await world.stripe.checkout.sessions.list({ limit: 1 })).data[0]!.id;
  await world.database.pool.query('update accounts set closing_at = now() where id = $1', [closing.id]);
  await world.simulate('POST', `/checkout-sessions/${session}/submit`, { paymentMethod: 'pm_card_visa' });
  await pay(other);
  expect(await run()).toMatchObject({ repaired: { credited: 1 } });
  expect(await lines(other)).toEqual(['prepayment 25.00']);
  const { rows } = await world.database.pool.query('select from payment_methods where account_id = $1', [closing.id]);
  expect(rows).toEqual([]);
});

test('P6 what can not be explained is reported, again and again, until it is', async () => {
  const account = await openAccount(api);
  const { id, intent } = await pay(account);
  const twice = await world.stripe.paymentIntents.create({
    amount: 2_500,
    currency: 'usd',
    confirm: true,
    payment_method: 'pm_card_visa',
    return_url: 'https://shop.example/',
    metadata: { ballast_payment: id },
  });
  const differs = await pay(account, 1_000);
  await world.database.pool.query('update payments set amount_cents = 900 where id = $1', [differs.id]);
  const unknown = await world.stripe.paymentIntents.create({
    amount: 700,
    currency: 'usd',
    confirm: true,
    payment_method: 'pm_card_visa',
    return_url: 'https://shop.example/',
    metadata: { ballast_payment: randomUUID() },
  });
  const phantom = randomUUID();
  await world.database.pool.query(
    `insert into payments (id, account_id, purpose, amount_cents, status, payment_intent_id, settled_at, actor) values ($1, $2, 'prepayment', 600, 'succeeded', $3, now(), 'test')`,
    [phantom, account.id, `pi_phantom_${phantom.slice(0, 8)}`],
  );
  await world.database.pool.query(`select post_line($1, 'prepayment', 'payments', 6000000000, $2, 'test', 'test')`, [
    account.id,
    `pi/pi_phantom_${phantom.slice(0, 8)}`,
  ]);

  for (const _again of [1, 2]) {
    const { unexplained } = await run();
    expect(
      Object.fromEntries(
        unexplained.newest.map((one: { paymentIntentId: string; kind: string }) => [one.paymentIntentId, one.kind]),
      ),
    ).toEqual({
      [twice.id]: 'paid_twice',
      [differs.intent]: 'amount_differs',
      [unknown.id]: 'paid_unknown',
      [`pi_phantom_${phantom.slice(0, 8)}`]: 'credited_without_payment',
    });
  }
  expect(await lines(account)).toEqual(['prepayment 6.00', 'prepayment 25.00']);
  expect(intent).not.toBe(twice.id);

  for (const one of [twice.id, differs.intent, unknown.id]) await world.stripe.refunds.create({ payment_intent: one });
  const after = await run();
  expect(after.unexplained).toMatchObject({
    count: 1,
    newest: [{ kind: 'credited_without_payment', accountId: account.id, detail: expect.stringContaining('missing') }],
  });

  const { status, body, headers } = await api.ask('POST', '/v1/reconcile', {
    key: api.admin,
    headers: { Accept: 'text/plain' },
  });
  expect(status).toBe(200);
  expect(headers.get('content-type')).toBe('text/plain; charset=utf-8');
  expect(body).toMatch(/^Unexplained +1$/m);
  expect(body).toMatch(new RegExp(`credited_without_payment +${account.id} +pi_phantom`));
});

test('P6 a payment that Ballast fails on holds up no other, and is shown until it is right', async () => {
  const [bad, good] = [await openAccount(api), await openAccount(api)];
  const { intent } = await pay(bad);
  await pay(good);
  const { owner } = world.database;
  await owner.query(`alter table ledger_lines add constraint poison check (account_id <> '${bad.id}')`);
  try {
    for (const _again of [1, 2])
      expect((await run()).unexplained.newest).toContainEqual(
        expect.objectContaining({
          kind: 'not_reconciled',
          accountId: bad.id,
          paymentIntentId: intent,
          detail: expect.stringContaining('poison'),
        }),
      );
    expect(await lines(good)).toEqual(['prepayment 25.00']);
  } finally {
    await owner.query('alter table ledger_lines drop constraint poison');
  }
  const { unexplained, repaired } = await run();
  expect(repaired.newest).toContainEqual({ kind: 'credited', accountId: bad.id, about: intent });
  expect(unexplained.newest.map(({ kind }: { kind: string }) => kind)).not.toContain('not_reconciled');
});

test('P5, P6 a refund that nobody asked for again is given up after an hour, and its money is free', async () => {
  const account = await openAccount(api);
  const { id, intent } = await pay(account);
  const refund = (key: string) =>
    api.ask('POST', `/v1/accounts/${account.id}/prepayments/${id}/refund`, {
      key: api.admin,
      body: {},
      headers: { 'Idempotency-Key': key },
    });
  await world.simulate('POST', '/faults', {
    match: { method: 'POST', path: '^/v1/refunds$' },
    times: 1,
    effect: 'error_503',
  });
  expect((await refund('lost')).status).toBe(503);
  expect((await refund('next')).status).toBe(422);
  await world.database.pool.query(
    `update refund_requests set requested_at = now() - interval '61 minutes' where status = 'requested'`,
  );
  await run();
  expect((await refund('next')).status).toBe(201);
  expect((await refund('lost')).status).toBe(422);
  expect((await world.stripe.refunds.list({ payment_intent: intent })).data).toHaveLength(1);
});

test('P6 an outage at Stripe in the middle only delays it', async () => {
  const account = await openAccount(api);
  await pay(account);
  await world.simulate('POST', '/faults', {
    match: { method: 'GET', path: '^/v1/(events|payment_intents/)' },
    times: 2,
    effect: 'error_500',
  });
  expect(await run()).toMatchObject({ repaired: { credited: 1 } });
});

test('P6 a run that continues as new goes on where it was cut', async () => {
  const account = await openAccount(api);
  const { intent } = await pay(account);
  const carried: ReconcileProgress = {
    startedMs: Date.now(),
    sinceMs: Date.now() - 60_000,
    check: false,
    steps: ['reconcileEvents', 'reconcileLocal'],
    after: null,
    looked: { events: 7, payments: 8 },
    repaired: {
      credited: 1,
      takenBack: 2,
      noted: 3,
      newest: [{ kind: 'credited', accountId: 'a', about: 'pi_before' }],
    },
  };
  const input: ReconcileInput = { check: false, carried };
  const report = await world.client.workflow.execute<(given: ReconcileInput) => Promise<ReconcileReport>>('reconcile', {
    workflowId: `reconcile/${randomUUID()}`,
    taskQueue: BALANCE_TASK_QUEUE,
    args: [input],
  });
  expect(report).toMatchObject({ repaired: { credited: 2, takenBack: 2, noted: 3 }, ledger: null });
  expect(report.repaired.newest.map(({ about }) => about)).toEqual([intent, 'pi_before']);
  expect(report.looked.events).toBeGreaterThan(7);
});

test('P6 the schedule is made once, however many workers start', async () => {
  await Promise.all([1, 2, 3].map(() => scheduleReconcile(world.client)));
  const schedule = world.client.schedule.getHandle(RECONCILE_SCHEDULE_ID);
  expect((await schedule.describe()).spec.intervals).toMatchObject([{ every: 600_000 }]);
  await schedule.delete();
});

test('O4, P6 the schedule that Temporal has lost with its data is made again while the worker runs', async () => {
  const schedule = world.client.schedule.getHandle(RECONCILE_SCHEDULE_ID);
  const made = () =>
    schedule.describe().then(
      () => true,
      () => false,
    );
  const scheduling = startSchedulingReconcile({ client: world.client, log: createTestLog().log, tickMs: 50 });
  await until(made, Boolean);
  await schedule.delete();
  await until(made, Boolean);
  await scheduling.stop();
  await schedule.delete();
});
