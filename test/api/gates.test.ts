import pino from 'pino';
import { createClock } from '../../ledger/clock';
import { createGateCache } from '../../api/gate/gateCache';
import { transaction } from '../../ledger/db';
import { toGatePoint, markOf } from '../../ledger/gates/gatePoint';
import { readChangedGates } from '../../ledger/gates/readChangedGates';
import { readGatePoint } from '../../ledger/gates/readGatePoint';
import { adjust, openAccount, putModel, report, startTestApi, type TestApi } from '../support/api';
import { until } from '../support/notices';

let api: TestApi;
let other: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  other = await startTestApi({ database: api.database });
  await putModel(api);
});
afterAll(async () => {
  await other.close();
  await api.close();
});

const gateAt = async (where: TestApi, id: string) =>
  (await where.ask('GET', `/v1/accounts/${id}/gate`, { key: where.service })).body;
const silent = pino({ level: 'silent' });

test('S5 another process follows, either way, through Postgres', async () => {
  const { id } = await openAccount(api, '1.00');
  await gateAt(other, id);
  const { body } = await report(api, [{ id: 'a', accountId: id, model: 'model', inputTokens: 1_000_000 }]);
  const changedMs = Date.now();
  let gate = await gateAt(other, id);
  while (gate.allowed) {
    expect(Date.now() - changedMs).toBeLessThan(20_000);
    gate = await gateAt(other, id);
  }
  expect(gate.version).toBe(body.gates[id].version);
  await adjust(api, id, '10.00');
  while (!gate.allowed) gate = await gateAt(other, id);
  expect(gate.state).toBe('ok');
});

test('S4 the version only grows, and an older gate never replaces a newer one', async () => {
  const { id } = await openAccount(api, '10.00');
  const cache = createGateCache({
    pool: api.database.pool,
    databaseUrl: api.database.url,
    log: silent,
    clock: createClock(),
  });
  await cache.start();
  const { version } = (await cache.find(id))!;
  cache.learn({
    accountId: id,
    gateState: 'suspended',
    gateReasons: ['balance_exhausted'],
    gateVersion: version - 1,
    reloadDueMs: null,
  });
  expect(await cache.find(id)).toMatchObject({ allowed: true, version });
  cache.learn({
    accountId: id,
    gateState: 'suspended',
    gateReasons: ['balance_exhausted'],
    gateVersion: version + 1,
    reloadDueMs: Date.now() + 9_000,
  });
  expect(await cache.find(id)).toMatchObject({
    allowed: false,
    version: version + 1,
    retryAfterSeconds: expect.any(Number),
  });
  await cache.close();
});

test('S6 a process that starts cold looks each gate up; none is let through on no knowledge', async () => {
  const { id } = await openAccount(api);
  const cold = createGateCache({
    pool: api.database.pool,
    databaseUrl: api.database.url,
    log: silent,
    clock: createClock(),
  });
  expect(await cold.find(id)).toMatchObject({ allowed: false, reasons: ['balance_exhausted'] });
  expect(await cold.find('nobody')).toBeNull();
  await cold.close();
});

test('S6 a change that commits late, after younger ones were read, is not skipped', async () => {
  const slow = await openAccount(api, '10.00');
  const quick = await openAccount(api, '10.00');
  const client = await api.database.pool.connect();
  await client.query('begin');
  await client.query("update balances set set_reasons = '{admin_suspended}' where account_id = $1", [slow.id]);
  await adjust(api, quick.id, '-10.00');
  await until(
    () => gateAt(other, quick.id),
    ({ allowed }) => !allowed,
  );
  expect(await gateAt(other, slow.id)).toMatchObject({ allowed: true });
  await client.query('commit');
  client.release();
  const { reasons } = await until(
    () => gateAt(other, slow.id),
    ({ allowed }) => !allowed,
  );
  expect(reasons).toEqual(['admin_suspended']);
});

test('S6 while a transaction stays open each change is read once, not at every look until it ends; its own is read then', async () => {
  const { pool } = api.database;
  const slow = await openAccount(api, '10.00');
  const quick = await Promise.all([1, 2, 3].map(() => openAccount(api, '10.00')));
  const idsOf = (gates: { accountId: string }[]) => gates.map(({ accountId }) => accountId).sort();
  const suspend = (db: Pick<typeof pool, 'query'>, ids: string[]) =>
    db.query("update balances set set_reasons = '{admin_suspended}' where account_id = any($1)", [ids]);

  const during = await transaction(pool, async (open) => {
    await suspend(open, [slow.id]);
    const start = await readGatePoint(pool);
    const ids = quick.map(({ id }) => id).sort();
    await suspend(pool, ids);
    const first = await readChangedGates(pool, start);
    expect(idsOf(first.gates)).toEqual(ids);
    const second = await readChangedGates(pool, first.point);
    expect(idsOf(second.gates)).toEqual([]);
    // Who comes back with an event's id is told more than once rather than too little.
    const resumed = await readChangedGates(pool, toGatePoint(markOf(first.point), first.point.epoch));
    expect(idsOf(resumed.gates)).toEqual(expect.arrayContaining(ids));
    return second.point;
  });
  const late = await readChangedGates(pool, during);
  expect(idsOf(late.gates)).toEqual([slow.id]);
  expect(idsOf((await readChangedGates(pool, late.point)).gates)).toEqual([]);
});

test('S6 a gate that lost its feed answers gate_stale past the limit, and comes back by itself', async () => {
  const { id } = await openAccount(api, '10.00');
  let nowMs = Date.now();
  const cache = createGateCache({
    pool: api.database.pool,
    databaseUrl: api.database.url,
    log: silent,
    clock: createClock({ now: () => nowMs, elapsed: () => nowMs }),
    policy: { onStale: 'fail_closed', staleAfterMs: 5_000 },
  });
  await cache.start();
  expect(await cache.find(id)).toMatchObject({ allowed: true });
  nowMs += 6_000;
  await expect(cache.find(id)).rejects.toMatchObject({ code: 'gate_stale', extras: { retryAfterSeconds: 1 } });
  const gate = await until(() => cache.find(id).catch(() => null), Boolean);
  expect(gate).toMatchObject({ allowed: true });
  await cache.close();
});

test('S6 after the machine was suspended, known gates count as stale until the next look', async () => {
  const { id } = await openAccount(api, '10.00');
  let sleptMs = 0;
  const cache = createGateCache({
    pool: api.database.pool,
    databaseUrl: api.database.url,
    log: silent,
    clock: createClock({ now: () => Date.now() + sleptMs }),
  });
  await cache.start();
  expect(await cache.find(id)).toMatchObject({ allowed: true });
  sleptMs = 60_000;
  expect(cache.recall(id)).toBeUndefined();
  await expect(cache.find(id)).rejects.toMatchObject({ code: 'gate_stale' });
  await cache.refresh();
  expect(await cache.find(id)).toMatchObject({ allowed: true });
  expect(cache.recall(id)).toBeDefined();
  await cache.close();
});

test('S6 an answer of an earlier history that comes late does not survive the next look', async () => {
  const { id } = await openAccount(api);
  const cache = createGateCache({
    pool: api.database.pool,
    databaseUrl: api.database.url,
    log: silent,
    clock: createClock(),
  });
  await cache.start();
  const { version } = (await cache.find(id))!;
  cache.learn({ accountId: id, gateState: 'ok', gateReasons: [], gateVersion: version + 100, reloadDueMs: null });
  await cache.refresh();
  expect(await cache.find(id)).toMatchObject({ allowed: false, version });
  await cache.close();
});

test('S5 the feed survives a lost connection', async () => {
  const { id } = await openAccount(api, '10.00');
  await gateAt(other, id);
  await api.database.pool.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'ballast-gate-feed'",
  );
  await adjust(api, id, '-10.00');
  await until(
    () => gateAt(other, id),
    ({ allowed }) => !allowed,
  );
});

test('authorize answers by status alone: 200 empty, 403 with the gate, also for unknown accounts', async () => {
  const { id } = await openAccount(api, '10.00');
  const authorize = (account?: string) =>
    api.ask('GET', '/v1/authorize', {
      key: api.service,
      ...(account !== undefined && { headers: { 'X-Account-Id': account } }),
    });
  expect(await authorize(id)).toMatchObject({ status: 200, body: '' });
  await adjust(api, id, '-10.00');
  const denied = await authorize(id);
  expect(denied).toMatchObject({
    status: 403,
    body: { accountId: id, allowed: false, state: 'suspended', reasons: ['balance_exhausted'] },
  });
  expect(denied.headers.get('x-ballast-gate')).toBe('suspended');
  expect(denied.headers.get('cache-control')).toBe('no-store');
  for (const account of ['nobody', '', 'a b', undefined])
    expect(await authorize(account)).toMatchObject({ status: 403, body: { allowed: false } });
});

test('a gate of an account that does not exist is 404, and known as soon as it exists', async () => {
  expect((await other.ask('GET', '/v1/accounts/soon/gate', { key: other.service })).status).toBe(404);
  await openAccount(api, '10.00', 'soon');
  // It may have been read between its opening and its first money.
  await until(
    () => gateAt(other, 'soon'),
    ({ state }) => state === 'ok',
  );
});
