/** Issue 13.6, O5: what processes count, that the document lists exactly that, and that no label names an account. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import { createReportingActivities } from '../../activities/reporting';
import { createApiCounts } from '../../api/metrics';
import { createClock } from '../../ledger/clock';
import { checkLedger } from '../../ledger/reconciliation/checkLedger';
import { readSystem } from '../../ledger/system/readSystem';
import { prepareUsageMonths } from '../../ledger/usage/prepareUsageMonths';
import { sumUsage } from '../../ledger/usage/sumUsage';
import { addLedgerGauges, createWorkerCounts } from '../../workers/metrics';
import { boundedLabel, createMetrics, type Metrics } from '../../telemetry/metrics';
import { addPaceMetrics } from '../../telemetry/paceMetrics';
import { serveMetrics } from '../../telemetry/metricsServer';
import { startProcessMetrics } from '../../telemetry/processMetrics';
import { addStripeMetrics } from '../../telemetry/stripeMetrics';
import { readVersion } from '../../telemetry/version';
import { openAccount, putModel, report, startTestApi, type TestApi } from '../support/api';
import { until } from '../support/notices';

let api: TestApi;
let metrics: Metrics;
beforeAll(async () => {
  metrics = createMetrics('api', readVersion());
  metrics.addProcess();
  api = await startTestApi({ metrics });
  await putModel(api);
});
afterAll(() => api.close());

const event = (accountId: string, id: string, more: object = {}) => ({
  id,
  accountId,
  model: 'model',
  inputTokens: 1_000_000,
  ...more,
});
/** The value on the line of this metric with these labels; undefined where there is none. */
async function valueOf(of: Metrics, name: string, labels: Record<string, string> = {}): Promise<number | undefined> {
  const lines = (await of.text())
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  const line = lines.find((one) =>
    Object.entries(labels).every(([label, value]) => one.includes(`${label}="${value}"`)),
  );
  return line === undefined ? undefined : Number(line.split(' ').at(-1));
}
const askForMetrics = (key?: string): Promise<Response> =>
  fetch(`${api.url}/metrics`, { headers: key === undefined ? {} : { Authorization: `Bearer ${key}` } });

test('usage is counted by what became of it, with its code, its money and its commits', async () => {
  const { id } = await openAccount(api, '20.00');
  const before = async (outcome: string, code = '') =>
    (await valueOf(metrics, 'ballast_usage_events_total', { outcome, code })) ?? 0;
  const deducted = async () => (await valueOf(metrics, 'ballast_usage_deducted_usd_total'))!;
  const commits = async () => (await valueOf(metrics, 'ballast_usage_commit_events_count'))!;
  const was = {
    accepted: await before('accepted'),
    duplicate: await before('duplicate'),
    unknown: await before('rejected', 'unknown_model'),
    deducted: await deducted(),
    commits: await commits(),
  };
  await report(api, [event(id, 'a'), event(id, 'b'), event(id, 'c', { model: 'none' })]);
  await report(api, [event(id, 'a')]);
  expect((await before('accepted')) - was.accepted).toBe(2);
  expect((await before('duplicate')) - was.duplicate).toBe(1);
  expect((await before('rejected', 'unknown_model')) - was.unknown).toBe(1);
  expect((await deducted()) - was.deducted).toBeCloseTo(2, 9);
  expect((await commits()) - was.commits).toBeGreaterThanOrEqual(1);
});

test('usage that was reported to a workflow by signal is counted by the worker', async () => {
  const { id } = await openAccount(api, '20.00');
  const ofWorker = createMetrics('worker', 'test');
  const { pool } = api.database;
  const { postReportedUsage } = createReportingActivities({
    pool,
    log: pino({ level: 'silent' }),
    clock: createClock(),
    policy: { trigger: 'at_or_below', retryDelaysMs: [] },
    counts: createWorkerCounts(ofWorker).activities,
  });
  const events = [event(id, 'signalled'), event(id, 'signalled'), event(id, 'other', { model: 'none' })];
  await postReportedUsage({ accountId: id, knownRevision: 0, events });
  const counted = (outcome: string, code = '') => valueOf(ofWorker, 'ballast_usage_events_total', { outcome, code });
  expect(await counted('accepted')).toBe(1);
  expect(await counted('duplicate')).toBe(1);
  expect(await counted('rejected', 'unknown_model')).toBe(1);
  expect(await valueOf(ofWorker, 'ballast_usage_deducted_usd_total')).toBe(1);
});

test('gates answered from memory are counted by state; what is refused is not', async () => {
  const [rich, poor] = await Promise.all([openAccount(api, '50.00'), openAccount(api)]);
  const gate = (id: string, key = api.service) => api.ask('GET', `/v1/accounts/${id}/gate`, { key });
  const verdict = (id: string) =>
    api.ask('GET', '/v1/authorize', { key: api.service, headers: { 'X-Account-Id': id } });
  await Promise.all([gate(rich.id), gate(poor.id), verdict(rich.id)]);
  const answered = async (state: string) => (await valueOf(metrics, 'ballast_gate_answers_total', { state }))!;
  const [ok, suspended] = [await answered('ok'), await answered('suspended')];
  expect((await gate(rich.id)).body.state).toBe('ok');
  expect((await verdict(rich.id)).status).toBe(200);
  expect((await verdict(poor.id)).status).toBe(403);
  expect((await gate(rich.id, poor.member)).status).toBe(404);
  expect([await answered('ok'), await answered('suspended')]).toEqual([ok + 2, suspended + 1]);
});

test('L5 what inference waits for is counted of callers whose key is good, and of nobody else', () => {
  const counts = createApiCounts(createMetrics('api', 'test'));
  const answered = (path: string, statuses: number[]): number => {
    const before = counts.asked();
    for (const status of statuses) counts.onAnswered({ method: 'post', path }, status, 0.001);
    return counts.asked() - before;
  };
  expect(answered('/v1/usage', [200, 202])).toBe(2);
  expect(answered('/v1/accounts/:id/holds', [201, 402, 409])).toBe(3);
  expect(answered('/v1/authorize', [200, 403])).toBe(2);
  expect(answered('/v1/usage', [401, 404, 429, 500, 503])).toBe(0);
  expect(answered('/v1/accounts', [200])).toBe(0);
});

test('accounts are counted by the state of their gate, also when it changes', async () => {
  const count = async (state: string) => (await valueOf(metrics, 'ballast_gates', { state }))!;
  const { id } = await openAccount(api, '20.00');
  await api.ask('GET', `/v1/accounts/${id}/gate`, { key: api.service });
  // Of the accounts of earlier tests it may still be learning in the background.
  await until(async () => {
    const { rows } = await api.database.pool.query<{ state: string; n: number }>(
      'select gate_state as state, count(*)::int as n from balances group by 1',
    );
    const known = await Promise.all(rows.map(async ({ state, n }) => ((await count(state)) ?? 0) === n));
    return known.every(Boolean);
  }, Boolean);
  const [ok, suspended] = [await count('ok'), await count('suspended')];
  await report(api, [event(id, 'all', { inputTokens: 20_000_000 })]);
  expect([await count('ok'), await count('suspended')]).toEqual([ok - 1, suspended + 1]);
});

test('the API tells its numbers to admins only, as text', async () => {
  expect((await askForMetrics()).status).toBe(401);
  expect((await askForMetrics(api.service)).status).toBe(403);
  const { status, headers } = await askForMetrics(api.admin);
  expect([status, headers.get('content-type')]).toEqual([200, metrics.contentType]);
});

test('requests are counted by route, and no label names an account', async () => {
  const { id } = await openAccount(api, '20.00');
  await api.ask('GET', `/v1/accounts/${id}`, { key: api.admin });
  await report(api, [event(id, 'one', { model: `model-${id}` })]);
  const text = await (await askForMetrics(api.admin)).text();
  expect(text).toContain('route="/v1/accounts/:id"');
  expect(text).not.toContain(id);
});

test('METRICS_PORT answers without a key, and nothing else', async () => {
  const server = await serveMetrics(metrics, 0, '127.0.0.1');
  const ask = (path: string, method = 'GET') => fetch(`http://127.0.0.1:${server.port}${path}`, { method });
  try {
    expect(await (await ask('/metrics')).text()).toContain('ballast_build_info{process="api"');
    expect((await ask('/v1/accounts')).status).toBe(404);
    expect((await ask('/metrics', 'POST')).status).toBe(405);
  } finally {
    await server.close();
  }
});

test('9.12 a port for metrics that is taken stops no process: it is told, and had as soon as it is free', async () => {
  const other = await serveMetrics(metrics, 0, '127.0.0.1');
  const lines: string[] = [];
  const log = pino({ level: 'error' }, { write: (line: string) => void lines.push(line) });
  const config = { METRICS_PORT: other.port, METRICS_HOST: '127.0.0.1' };
  const started = await startProcessMetrics('worker', config, { log, say: (line) => void lines.push(line) }, 20);
  try {
    expect(lines.join()).toContain('metrics can not be served');
    await other.close();
    const text = await until(
      () =>
        fetch(`http://127.0.0.1:${other.port}/metrics`).then(
          (answer) => answer.text(),
          () => '',
        ),
      Boolean,
    );
    expect(text).toContain('ballast_build_info{process="worker"');
  } finally {
    await started.close();
  }
});

test('9.12 what can not be counted is counted as such, and stops nobody', async () => {
  const faulty = createMetrics('worker', '1');
  const counter = faulty.counter('one', 'One.', ['label']);
  const histogram = faulty.histogram('two', 'Two.', { buckets: [1], labels: ['label'] });
  counter.inc({ label: 'a' }, 2);
  counter.inc({ label: 'a' }, -1);
  counter.inc({ other: 'a' } as never);
  histogram.observe({ label: 'a' }, 'text' as never);
  histogram.observe({ other: 'a' } as never, 1);
  expect(await valueOf(faulty, 'one', { label: 'a' })).toBe(2);
  expect(await valueOf(faulty, 'ballast_metrics_uncounted_total')).toBe(4);
});

test('held money and queues are read from Postgres; what can not be read is left out, and says so', async () => {
  const worker = createMetrics('worker', '1');
  let nowMs = 0;
  const { pool } = api.database;
  let broken = false;
  const db = {
    query: (...given: unknown[]) => (broken ? Promise.reject(new Error('down')) : (pool.query as any)(...given)),
  };
  addLedgerGauges(worker, db as typeof pool, () => nowMs);
  const held = (await valueOf(worker, 'ballast_held_usd', { by: 'hold' }))!;
  const { id } = await openAccount(api, '20.00');
  const hold = await api.ask('POST', `/v1/accounts/${id}/holds`, {
    key: api.service,
    body: { amount: '3.50' },
    headers: { 'Idempotency-Key': 'hold-1' },
  });
  expect(hold.status).toBe(201);
  nowMs += 60_000;
  expect((await valueOf(worker, 'ballast_held_usd', { by: 'hold' }))! - held).toBeCloseTo(3.5, 9);
  expect(await valueOf(worker, 'ballast_queue_length', { queue: 'mails' })).toBeGreaterThanOrEqual(0);
  expect(await valueOf(worker, 'ballast_postgres_up')).toBe(1);
  broken = true;
  nowMs += 60_000;
  expect(await valueOf(worker, 'ballast_held_usd', { by: 'hold' })).toBeUndefined();
  expect(await valueOf(worker, 'ballast_postgres_up')).toBe(0);
});

test('P2 a page at Checkout is no undecided payment before Stripe has closed it', async () => {
  const { pool, owner } = api.database;
  const { id } = await openAccount(api);
  const [insert, read] = [
    (hours: number, more: { intent?: string; method?: string } = {}) =>
      owner.query(
        `insert into payments (id, account_id, purpose, amount_cents, actor, created_at, payment_intent_id, payment_method_id)
         values (gen_random_uuid(), $1, 'prepayment', 500, 'test', now() - make_interval(hours => $2), $3, $4)`,
        [id, hours, more.intent ?? null, more.method ?? null],
      ),
    async () => (await readSystem(pool)).queues.payments_undecided,
  ];
  await insert(24);
  expect(await read()).toEqual({ waiting: 0, oldestSeconds: null });
  await insert(26);
  const { waiting, oldestSeconds } = await read();
  expect([waiting, Math.round(oldestSeconds! / 60)]).toEqual([1, 60]);
  await insert(3, { intent: 'pi_checkout' });
  await insert(2, { method: 'pm_card' });
  expect(await read()).toMatchObject({ waiting: 3 });
  expect(Math.round((await read()).oldestSeconds! / 3_600)).toBe(3);
  await owner.query(`update payments set status = 'failed' where account_id = $1`, [id]);
});

test('P6 what the last check of the ledger found broken is told until a check finds it right', async () => {
  const worker = createMetrics('worker', '1');
  let nowMs = 0;
  const { pool, owner } = api.database;
  addLedgerGauges(worker, pool, () => (nowMs += 60_000));
  const violations = () => valueOf(worker, 'ballast_ledger_violations');
  await checkLedger(pool, 100);
  expect(await violations()).toBe(0);
  const { id } = await openAccount(api);
  const change = (by: number) =>
    owner.query('update balances set held_nano = held_nano + $2 where account_id = $1', [id, by]);
  await change(1);
  await checkLedger(pool, 100);
  expect(await violations()).toBe(1);
  await change(-1);
  expect(await violations()).toBe(1);
  await checkLedger(pool, 100);
  expect(await violations()).toBe(0);
});

test('B4, B7, B8 each rejection counts from 0 on; missing months, and usage that is not summed or archived, are told', async () => {
  const worker = createMetrics('worker', '1');
  const { archived } = createWorkerCounts(worker);
  let nowMs = 0;
  const { pool, owner } = api.database;
  addLedgerGauges(worker, pool, () => (nowMs += 60_000));
  for (const one of [worker, metrics])
    expect(await valueOf(one, 'ballast_usage_events_total', { outcome: 'rejected', code: 'no_price' })).toBe(0);
  const failing = () => valueOf(worker, 'ballast_usage_archive_failing_seconds');
  expect(await failing()).toBe(0);
  archived(false);
  const since = await until(failing, (seconds) => seconds! > 0);
  archived(false);
  expect(await failing()).toBeGreaterThanOrEqual(since!);
  archived(true);
  expect(await failing()).toBe(0);

  const { id } = await openAccount(api, '20.00');
  await report(api, [event(id, 'unsummed')]);
  expect((await readSystem(pool)).queues.usage_to_sum.oldestSeconds).toBeGreaterThanOrEqual(0);
  while ((await sumUsage(pool, 100)) > 0);
  expect((await readSystem(pool)).queues.usage_to_sum).toEqual({ waiting: 0, oldestSeconds: null });

  await prepareUsageMonths(pool);
  expect(await valueOf(worker, 'ballast_usage_months_missing')).toBe(0);
  const { rows } = await owner.query<{ name: string }>(
    `select to_char(now() at time zone 'UTC' + interval '2 months', '"usage_events_"YYYY_MM') as name`,
  );
  await owner.query(`drop table ${rows[0]!.name}`);
  expect(await valueOf(worker, 'ballast_usage_months_missing')).toBe(1);
  await prepareUsageMonths(pool);
});

test('a name from outside becomes a label only while there are few, and only if it looks like a code', () => {
  const label = boundedLabel(2);
  expect(['lost_card', 'Not a code', 'expired_card', 'one_more', 'lost_card'].map(label)).toEqual([
    'lost_card',
    'other',
    'expired_card',
    'other',
    'lost_card',
  ]);
});

test('a call to Stripe is answered, also by a decline, or it is not', async () => {
  const stripe = createMetrics('worker', '1');
  const watch = addStripeMetrics(stripe);
  await watch('confirmIntent', () => Promise.resolve({ kind: 'declined' }));
  await watch('confirmIntent', () => Promise.resolve({ kind: 'unknown' }));
  await expect(watch('seeIntent', () => Promise.reject(new Error('down')))).rejects.toThrow('down');
  const count = (operation: string, outcome: string) =>
    valueOf(stripe, 'ballast_stripe_call_seconds_count', { operation, outcome });
  expect(await Promise.all([count('confirmIntent', 'answered'), count('confirmIntent', 'unanswered')])).toEqual([1, 1]);
  expect(await count('seeIntent', 'unanswered')).toBe(1);
});

test('docs/metrics.md lists exactly the metrics there are, with their types and labels', () => {
  const worker = createMetrics('worker', '1');
  createWorkerCounts(worker);
  addPaceMetrics(worker);
  addLedgerGauges(worker, api.database.pool);
  const rowOf = ({ name, type, labels }: ReturnType<Metrics['list']>[number]) => `${name} ${type} ${labels.join(' ')}`;
  const exposed = new Set([...metrics.list(), ...worker.list()].map(rowOf));
  const text = readFileSync(join(__dirname, '..', '..', 'docs', 'metrics.md'), 'utf8');
  const documented = [...text.matchAll(/^\| `(\w+)` \| (\w+) \| ([^|]*)\|/gm)].map(
    ([, name, type, labels]) =>
      `${name} ${type} ${[...labels!.matchAll(/`(\w+)`/g)].map(([, label]) => label).join(' ')}`,
  );
  expect(documented.length).toBeGreaterThan(30);
  expect([...documented].sort()).toEqual([...exposed].sort());
});

test('counting needs nothing of OpenTelemetry', () => {
  createApiCounts(createMetrics('api', '1'));
  expect(Object.keys(require.cache).filter((file) => file.includes('@opentelemetry'))).toEqual([]);
});
