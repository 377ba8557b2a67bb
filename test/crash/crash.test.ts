/** What money survives: processes killed at the points where it would hurt, on real Postgres, Temporal and SDK. */
import { Cluster } from '../support/cluster';
import { until } from '../support/notices';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await Cluster.start({ RELOAD_RETRY_DELAYS: '3s,5s' });
  await cluster.putModel();
});
afterAll(() => cluster?.stop());

const credited = (account: string, reloads: number) =>
  until(
    () => cluster.lines(account, 'reload'),
    (n) => n === reloads,
    40_000,
  );

test('A3 the API is killed between the usage commit and the signal: the reload still happens', async () => {
  const account = await cluster.account('killed-api');
  cluster.proxy.hold();
  expect((await cluster.use(account, 'e1', 12)).body).toMatchObject({ accepted: 1 });
  await cluster.killApi();
  cluster.proxy.release();
  await credited(account, 1);
  expect(await cluster.paidCharges(account)).toBe(2);
  await cluster.startApi();
  expect(await cluster.gate(account)).toMatchObject({ allowed: true, state: 'ok' });
});

test('A9 the worker is killed after Stripe took the charge and before the activity returned: one charge, one credit', async () => {
  const account = await cluster.account('killed-worker');
  await cluster.simulate('POST', '/faults', {
    match: { method: 'POST', path: '/confirm$' },
    times: 1,
    effect: 'timeout_after',
  });
  await cluster.use(account, 'e1', 12);
  await until(
    () => cluster.paidCharges(account),
    (paid) => paid === 2,
  );
  expect(await cluster.lines(account, 'reload')).toBe(0);
  await cluster.killWorker();
  await cluster.startWorker();
  await credited(account, 1);
  expect(await cluster.paidCharges(account)).toBe(2);
  const { body } = await cluster.ask('GET', `/v1/accounts/${account}/auto-reload`);
  expect(body).toMatchObject({ status: 'on', strikes: 0, reload: null });
});

test('S5 Temporal is away for a while: usage is taken, the gate is right, reloads follow', async () => {
  const account = await cluster.account('without-temporal');
  await cluster.killTemporal();
  expect((await cluster.use(account, 'e1', 12)).body).toMatchObject({
    accepted: 1,
    gates: { [account]: { state: 'low' } },
  });
  expect((await cluster.use(account, 'e2', 9)).body.gates[account]).toMatchObject({
    allowed: false,
    reasons: ['balance_exhausted'],
  });
  expect(await cluster.gate(account)).toMatchObject({ allowed: false, state: 'suspended' });
  expect((await cluster.ask('PUT', `/v1/accounts/${account}/suspension`, { reason: 'looked odd' })).body).toMatchObject(
    { reasons: ['balance_exhausted', 'admin_suspended'] },
  );
  expect((await cluster.ask('DELETE', `/v1/accounts/${account}/suspension`)).status).toBe(200);
  await cluster.startTemporal();
  await credited(account, 1);
  await until(
    () => cluster.gate(account),
    ({ allowed }) => allowed === true,
  );
});

test('O4 Temporal loses its data: workflows start again from Postgres, nothing is charged twice, no strike is lost', async () => {
  const account = await cluster.account('lost-temporal', 'pm_card_chargeCustomerFail');
  await cluster.use(account, 'e1', 12);
  const view = async () => (await cluster.ask('GET', `/v1/accounts/${account}/auto-reload`)).body;
  await until(view, ({ strikes }) => strikes === 1);
  await cluster.killTemporal();
  cluster.deleteTemporalData();
  await cluster.startTemporal();
  // Its reload was due 3 s after the strike; the relay finds it overdue and starts a new workflow from Postgres.
  await until(view, ({ status }) => status === 'disabled_after_failures', 60_000);
  expect(await view()).toMatchObject({ strikes: 3, threshold: '10.00', amount: '25.00' });
  const { body } = await cluster.ask('GET', `/v1/accounts/${account}/reloads`);
  expect(body.data).toMatchObject([
    { number: 1, status: 'failed', attempts: [{ attempt: 1 }, { attempt: 2 }, { attempt: 3 }] },
  ]);
  expect(await cluster.paidCharges(account)).toBe(1);
}, 120_000);

test('B3 the API is killed in the middle of ingest: what is sent again under the same ids is deducted once', async () => {
  const account = await cluster.account('ingest');
  const batches = Array.from({ length: 40 }, (_, b) =>
    Array.from({ length: 50 }, (_, e) => ({ id: `b${b}e${e}`, accountId: account, model: 'm', inputTokens: 1_000 })),
  );
  const send = async (batch: unknown[]): Promise<void> => {
    for (let tries = 0; tries < 200; tries++) {
      const answer = await cluster.report(batch).catch(() => null);
      if (answer?.status === 200) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error('the API did not come back');
  };
  const sending = Promise.all(
    batches.map((batch, i) => new Promise((resolve) => setTimeout(resolve, i * 10)).then(() => send(batch))),
  );
  await new Promise((resolve) => setTimeout(resolve, 100));
  for (let kills = 0; kills < 2; kills++) {
    await cluster.killApi();
    await cluster.startApi();
  }
  await sending;
  const { rows } = await cluster.database.pool.query(
    'select count(*)::int as events, sum(cost_nano)::text as cost from usage_events where account_id = $1',
    [account],
  );
  expect(rows).toEqual([{ events: 2_000, cost: '2000000000' }]);
});

test('A12 the monthly limit holds across a worker killed in mid-charge and two workers at once, and is told once', async () => {
  const account = await cluster.account('limited', 'pm_card_visa', '50.00');
  await cluster.startSecondWorker();
  await cluster.simulate('POST', '/faults', {
    match: { method: 'POST', path: '/confirm$' },
    times: 1,
    effect: 'timeout_after',
  });
  await cluster.use(account, 'e1', 12);
  await until(
    () => cluster.paidCharges(account),
    (paid) => paid === 2,
  );
  await cluster.killWorker();
  await cluster.startWorker();
  await credited(account, 1);
  await cluster.use(account, 'e2', 100);
  await credited(account, 2);
  const view = async () => (await cluster.ask('GET', `/v1/accounts/${account}/auto-reload`)).body;
  await until(view, ({ blockedBy }) => blockedBy === 'monthly_limit');
  await cluster.use(account, 'e3', 1);
  expect(await view()).toMatchObject({ spentThisMonth: '50.00', monthlyLimit: '50.00' });
  expect(await cluster.paidCharges(account)).toBe(3);
  const { body } = await cluster.ask('GET', `/v1/accounts/${account}/notices`);
  expect(body.data.filter(({ kind }: { kind: string }) => kind === 'guard_reached')).toHaveLength(1);
});

test('A7 two workers at once: one reload, one charge', async () => {
  const account = await cluster.account('two-workers');
  await cluster.startSecondWorker();
  await Promise.all(Array.from({ length: 5 }, (_, i) => cluster.use(account, `e${i}`, 3)));
  await credited(account, 1);
  expect(await cluster.paidCharges(account)).toBe(2);
});
