/** Activities that were given up and run on: their answers are not heard, so they must neither change nor take anything (O4). */
import { randomUUID } from 'node:crypto';
import pino from 'pino';
import { createClock } from '../../ledger/clock';
import { createActivities, type Activities } from '../../activities';
import type { DecisionRecord, SettingsRequest, AccountStatus } from '../../domain/accountState';
import { beginAttempt } from '../../ledger/reloads/beginAttempt';
import { transaction } from '../../ledger/db';
import { closeReload } from '../../ledger/reloads/closeReload';
import { insertReload } from '../../ledger/reloads/insertReload';
import { recordDecline } from '../../ledger/reloads/recordDecline';
import { recordUnknown } from '../../ledger/reloads/recordUnknown';
import { recordStrike } from '../../ledger/reloads/recordStrike';
import { setSuspension } from '../../ledger/accounts/setSuspension';
import { createStripe } from '../../stripe/client';
import { testProvider } from '../support/provider';
import { foldSnapshot, unread } from '../../workflows/accountState';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { credit, openAccount } from '../support/ledgerAccount';
import { testAdmins, testLinks } from '../support/links';
import { withoutAudit } from '../support/withoutAudit';

const policy = { trigger: 'at_or_below' as const, retryDelaysMs: [60_000] };
let database: TestDatabase;
let activities: Activities;
beforeAll(async () => {
  database = await createTestDatabase();
  const stripe = createStripe({ secretKey: 'sk_test_none', apiBase: 'http://127.0.0.1:9' });
  activities = createActivities({
    pool: database.pool,
    provider: testProvider(stripe),
    policy,
    links: testLinks,
    log: pino({ level: 'silent' }),
    clock: createClock(),
    admins: testAdmins,
  });
});
afterAll(() => database.drop());

const decisionOf = (kind: string): DecisionRecord => ({
  id: randomUUID(),
  atMs: Date.now(),
  kind,
  rule: 'S2',
  because: 'a test',
});
const statusOf = (reasons: AccountStatus['flag']['reasons']): AccountStatus => ({
  flag: { reasons, sinceMs: Date.now(), told: 'told' },
  toldLow: false,
  blocked: null,
});
async function one<T>(query: string, id: string): Promise<T> {
  return (await database.pool.query(query, [id])).rows[0] as T;
}
const stateOf = (id: string) =>
  one<{ flag_reasons: string[]; status: string; version: bigint }>(
    'select flag_reasons, status, version from account_states where account_id = $1',
    id,
  );
const wakes = async (id: string) =>
  (await one<{ wake: boolean }>('select wake from balances where account_id = $1', id)).wake;
const count = async (table: 'notices' | 'decisions' | 'audit' | 'consents', id: string) =>
  (await one<{ n: number }>(`select count(*)::int as n from ${table} where account_id = $1`, id)).n;
const suspend = (id: string) =>
  transaction(database.pool, (tx) => setSuspension(tx, id, 'admin_suspended', 'test', 'ada'));

test('S2, A15 an older status never replaces a newer one, and leaves no record or notice', async () => {
  const accountId = await openAccount(database.pool);
  const { revision: knownRevision } = await activities.readAccount(accountId, 0);
  const older = {
    accountId,
    knownRevision,
    decision: decisionOf('suspend'),
    standing: statusOf(['balance_exhausted']),
    notice: 'suspended' as const,
  };
  const newer = await activities.saveStanding({
    ...older,
    decision: decisionOf('resume'),
    standing: statusOf([]),
    notice: 'resumed',
  });
  expect(newer).toMatchObject({ revision: knownRevision + 1, acknowledged: true, flag: { reasons: [] } });
  expect(await activities.saveStanding(older)).toMatchObject({ acknowledged: false, flag: { reasons: [] } });
  expect((await stateOf(accountId)).flag_reasons).toEqual([]);
  expect([await count('notices', accountId), await count('decisions', accountId)]).toEqual([1, 1]);
});

test('O4 news that a workflow has not heard of stay news, whoever else reads the account', async () => {
  const accountId = await openAccount(database.pool);
  const state = unread(accountId);
  foldSnapshot(state, await activities.readAccount(accountId, state.snapshot.revision));
  expect(await wakes(accountId)).toBe(false);
  await suspend(accountId);
  await activities.readAccount(accountId, 0);
  expect(await wakes(accountId)).toBe(true);

  state.stale = false;
  foldSnapshot(state, await activities.readAccount(accountId, state.snapshot.revision));
  expect(state).toMatchObject({ stale: true, snapshot: { setReasons: ['admin_suspended'] } });
  state.stale = false;
  foldSnapshot(state, await activities.readAccount(accountId, state.snapshot.revision));
  expect(state.stale).toBe(false);
  expect(await wakes(accountId)).toBe(false);
});

test('O4 a workflow that knows more than a restored database follows the database', async () => {
  const accountId = await openAccount(database.pool);
  const state = unread(accountId);
  Object.assign(state.snapshot, { revision: 500, watermark: 900, available: '77.00' });
  state.stale = false;
  foldSnapshot(state, await activities.readAccount(accountId, 500));
  expect(state).toMatchObject({ stale: true, snapshot: { revision: 501, available: '0.00' } });
  state.stale = false;
  foldSnapshot(state, await activities.readAccount(accountId, 501));
  expect(state).toMatchObject({ stale: false, snapshot: { revision: 502, acknowledged: true } });
});

const settings = { thresholdCents: 1_000, amountCents: 2_500, monthlyLimitCents: null };
const turnOn = (accountId: string) =>
  database.pool.query(
    `update account_states set status = 'on', threshold_cents = 1000, amount_cents = 2500, version = 7 where account_id = $1`,
    [accountId],
  );

test("A13 an owner's request is carried out once: run again later it answers the same and changes nothing", async () => {
  const accountId = await openAccount(database.pool);
  await credit(database.pool, accountId, '50.00');
  await turnOn(accountId);
  const pause = {
    accountId,
    knownRevision: 0,
    decision: decisionOf('pause'),
    request: { kind: 'pause', requestId: randomUUID(), actor: 'owner:olga' } satisfies SettingsRequest,
  };
  expect((await activities.changeSettings(pause)).answer).toEqual({ kind: 'saved' });
  const resume = {
    ...pause,
    decision: decisionOf('resume'),
    request: { ...pause.request, kind: 'resume' as const, requestId: randomUUID() },
  };
  await activities.changeSettings(resume);
  expect((await activities.changeSettings(pause)).answer).toEqual({ kind: 'saved' });
  expect(await stateOf(accountId)).toMatchObject({ status: 'on', version: 9n });
  expect(await count('audit', accountId)).toBe(2);
});

test('A14, O5 a change of auto-reload is made with its audit entry and its consent, or not at all', async () => {
  const accountId = await openAccount(database.pool);
  await credit(database.pool, accountId, '50.00');
  await database.pool.query(
    `insert into payment_methods (id, account_id, role, brand, last4) values ($1, $2, 'primary', 'visa', '4242')`,
    [randomUUID(), accountId],
  );
  await database.pool.query(
    `insert into payments (id, account_id, purpose, amount_cents, status, actor) values ($1, $2, 'prepayment', 500, 'succeeded', 'test')`,
    [randomUUID(), accountId],
  );
  const change = {
    accountId,
    knownRevision: 0,
    decision: decisionOf('configure'),
    request: { kind: 'configure', requestId: randomUUID(), actor: 'owner:olga', settings } satisfies SettingsRequest,
  };
  await withoutAudit(database.owner, () => expect(activities.changeSettings(change)).rejects.toThrow('no audit'));
  expect(await stateOf(accountId)).toMatchObject({ status: 'off', version: 0n });
  expect((await activities.changeSettings(change)).answer).toEqual({ kind: 'saved' });
  await activities.changeSettings(change);
  expect([
    await count('audit', accountId),
    await count('consents', accountId),
    await count('decisions', accountId),
  ]).toEqual([1, 1, 1]);
  expect(await one('select actor, action, details from audit where account_id = $1', accountId)).toEqual({
    actor: 'owner:olga',
    action: 'auto_reload.configure',
    details: { ...settings, outcome: 'saved' },
  });
});

test('A10 a charge that the reload is past sends nothing and shortens no wait', async () => {
  const accountId = await openAccount(database.pool);
  await credit(database.pool, accountId, '5.00');
  await turnOn(accountId);
  const reloadId = randomUUID();
  const nowMs = Date.now();
  const attempt = { accountId, paymentId: reloadId, attempt: 1, methodId: 'pm_1', role: 'primary', nowMs };
  const decline = { code: 'generic_decline', message: 'No.', chargeId: 'ch_1', forGood: false, confirmationUrl: null };
  await transaction(database.pool, (tx) =>
    insertReload(tx, { reloadId, accountId, nowMs, actor: 'workflow' }, 2_500, null),
  );
  const begin = () => transaction(database.pool, (tx) => beginAttempt(tx, attempt, policy));
  expect(await begin()).toMatchObject({ kind: 'confirm' });
  await transaction(database.pool, (tx) => recordDecline(tx, attempt, decline));
  expect(await begin()).toEqual({ kind: 'ended' });
  await transaction(database.pool, (tx) =>
    recordStrike(tx, { accountId, reloadId, attempt: 1, methodsVersion: 0, nowMs }, policy),
  );
  const waiting = { state: 'waiting', attempt: 2, due: nowMs + 60_000 };
  const reload = async () => {
    const { due_at, ...rest } = await one<{ state: string; attempt: number; due_at: Date }>(
      'select state, attempt, due_at from reloads where id = $1',
      reloadId,
    );
    return { ...rest, due: due_at.getTime() };
  };
  expect(await reload()).toEqual(waiting);
  expect(await begin()).toEqual({ kind: 'ended' });
  await transaction(database.pool, (tx) => recordUnknown(tx, attempt));
  await transaction(database.pool, (tx) => recordUnknown(tx, { ...attempt, methodId: 'pm_2' }));
  expect(await reload()).toEqual(waiting);
});

test('A5, P3 a first charge of which Stripe took another amount is pending, never "not made"', async () => {
  const accountId = await openAccount(database.pool);
  const reloadId = randomUUID();
  await transaction(database.pool, async (tx) => {
    await insertReload(tx, { reloadId, accountId, nowMs: Date.now(), actor: 'olga' }, 2_500, {});
    await tx.query(`update payments set status = 'quarantined', quarantined_because = 'test' where id = $1`, [
      reloadId,
    ]);
    await closeReload(tx, { accountId, reloadId, state: 'canceled', because: 'a test', nowMs: Date.now() });
  });
  expect(await activities.concludeFirstCharge(reloadId)).toEqual({ kind: 'pending' });
});
