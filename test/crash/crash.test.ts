/** What money survives: processes killed at the points where it would hurt, on real Postgres, Temporal and SDK. */
import { Client, Connection } from '@temporalio/client';
import { Cluster } from '../support/cluster';
import { until } from '../support/notices';
import { balanceWorkflowId } from '../../workflows/messages';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await Cluster.start({ RELOAD_RETRY_DELAYS: '2s,2s' });
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

/** Of temporal.api.enums.v1.TimeoutType. */
const HEARTBEAT = 4;

test('O4 the worker is killed in the middle of a reload: that nothing is heard of it gives its work to another, not that the work takes too long', async () => {
  const account = await cluster.account('killed-in-reload');
  const { pool } = cluster.database;
  const holder = await cluster.database.owner.connect();
  await holder.query('begin; lock table decisions in share mode');
  await cluster.use(account, 'e1', 12);
  const waiting = () => pool.query(`select from pg_locks where not granted and relation = 'decisions'::regclass`);
  await until(waiting, ({ rowCount }) => rowCount! > 0);
  await cluster.killWorker();
  await holder.query('commit');
  holder.release();
  await cluster.startWorker();
  await credited(account, 1);
  expect(await cluster.paidCharges(account)).toBe(2);

  const connection = await Connection.connect({ address: cluster.temporalAddress });
  const run = new Client({ connection }).workflow.getHandle(balanceWorkflowId(account));
  const [{ raw }, { events }] = await Promise.all([run.describe(), run.fetchHistory()]);
  await connection.close();
  const again = events!.flatMap(({ activityTaskStartedEventAttributes: started }) =>
    started && started.attempt! > 1 ? [started.lastFailure!.timeoutFailureInfo!.timeoutType] : [],
  );
  expect(again).toEqual([HEARTBEAT]);
  // The same of a task of the workflow itself, which has no heartbeat.
  expect(Number(raw.executionConfig!.defaultWorkflowTaskTimeout!.seconds)).toBeLessThan(5);
});

const autoReload = async (account: string) => (await cluster.ask('GET', `/v1/accounts/${account}/auto-reload`)).body;

describe('the worker is killed after Stripe took the charges of two accounts and before the activities returned', () => {
  let plain: string;
  let limited: string;
  beforeAll(async () => {
    [plain, limited] = [
      await cluster.account('killed-worker'),
      await cluster.account('limited', 'pm_card_visa', '50.00'),
    ];
    await cluster.simulate('POST', '/faults', {
      match: { method: 'POST', path: '/confirm$' },
      times: 2,
      effect: 'timeout_after',
    });
    for (const account of [plain, limited]) await cluster.use(account, 'e1', 12);
    for (const account of [plain, limited])
      await until(
        () => cluster.paidCharges(account),
        (paid) => paid === 2,
      );
    expect([await cluster.lines(plain, 'reload'), await cluster.lines(limited, 'reload')]).toEqual([0, 0]);
    await cluster.killWorker();
    await Promise.all([cluster.startWorker(), cluster.startSecondWorker()]);
  });

  test('A9 one charge, one credit, no strike', async () => {
    await credited(plain, 1);
    expect(await cluster.paidCharges(plain)).toBe(2);
    expect(await autoReload(plain)).toMatchObject({ status: 'on', strikes: 0, reload: null });
  });

  test('A12 the monthly limit holds across it and with two workers at once, and is told once', async () => {
    await credited(limited, 1);
    await cluster.use(limited, 'e2', 100);
    await credited(limited, 2);
    await until(
      () => autoReload(limited),
      ({ blockedBy }) => blockedBy === 'monthly_limit',
    );
    await cluster.use(limited, 'e3', 1);
    expect(await autoReload(limited)).toMatchObject({ spentThisMonth: '50.00', monthlyLimit: '50.00' });
    expect(await cluster.paidCharges(limited)).toBe(3);
    const { body } = await cluster.ask('GET', `/v1/accounts/${limited}/notices`);
    expect(body.data.filter(({ kind }: { kind: string }) => kind === 'guard_reached')).toHaveLength(1);
  });
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
  // Temporal's core, which is no JavaScript, says so in the same log as everybody.
  const said = await until(
    () => cluster.workerLog().filter((line) => line !== 'worker ready'),
    (lines) => lines.some((line) => line.includes('retried')),
    60_000,
  );
  expect(said.map((line) => JSON.parse(line) as object)).toContainEqual(
    expect.objectContaining({ name: 'worker', level: 40, sdkComponent: 'core' }),
  );
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
  const view = () => autoReload(account);
  await until(view, ({ strikes }) => strikes >= 1);
  await cluster.killTemporal();
  cluster.deleteTemporalData();
  await cluster.startTemporal();
  // Its reload was due 2 s after the strike; the relay finds it overdue and starts a new workflow from Postgres.
  await until(view, ({ status }) => status === 'disabled_after_failures', 60_000);
  expect(await view()).toMatchObject({ strikes: 3, threshold: '10.00', amount: '25.00' });
  const { body } = await cluster.ask('GET', `/v1/accounts/${account}/reloads`);
  expect(body.data).toMatchObject([
    { number: 1, status: 'failed', attempts: [{ attempt: 1 }, { attempt: 2 }, { attempt: 3 }] },
  ]);
  expect(await cluster.paidCharges(account)).toBe(1);
});

test('B3 the API is killed in the middle of ingest: what is sent again under the same ids is deducted once', async () => {
  const account = await cluster.account('ingest');
  const batches = Array.from({ length: 40 }, (_, b) =>
    Array.from({ length: 50 }, (_, e) => ({ id: `b${b}e${e}`, accountId: account, model: 'm', inputTokens: 1_000 })),
  );
  const send = (batch: unknown[]): Promise<unknown> =>
    until(
      () => cluster.report(batch).catch(() => null),
      (answer) => answer?.status === 200,
      // The API is started twice meanwhile.
      120_000,
    );
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

test('A7 two workers at once: one reload, one charge', async () => {
  const account = await cluster.account('two-workers');
  await cluster.startSecondWorker();
  await Promise.all(Array.from({ length: 5 }, (_, i) => cluster.use(account, `e${i}`, 3)));
  await credited(account, 1);
  expect(await cluster.paidCharges(account)).toBe(2);
});
