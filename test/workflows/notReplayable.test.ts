/** O4: a workflow whose history does not fit its code, by a release or by the SDK's own fault, stops no account. */
import { join } from 'node:path';
import {
  bundleWorkflowCode,
  DefaultLogger,
  NativeConnection,
  Worker,
  type WorkflowBundleWithSourceMap,
} from '@temporalio/worker';
import { readReports } from '../../activities/readReports';
import { updateBalance } from '../../api/signals/temporal';
import { transaction } from '../../ledger/db';
import { lockWorkflow } from '../../ledger/decisions/lockWorkflow';
import { BALANCE_TASK_QUEUE, pauseAutoReloadUpdate, refreshSignal, reportUsageSignal } from '../../workflows/messages';
import { beginAnewIfNotReplayable } from '../../workers/beginAnew';
import { START } from '../../workflows/startOptions';
import { until } from '../support/notices';
import { World } from '../support/world';

let world: World;
let native: NativeConnection;
let otherRelease: WorkflowBundleWithSourceMap;
beforeAll(async () => {
  world = await World.start({ time: 'real', relay: true });
  native = await NativeConnection.connect({ address: process.env.TEST_TEMPORAL_ADDRESS! });
  otherRelease = await bundleWorkflowCode({
    workflowsPath: join(__dirname, 'versions', 'otherBalance.ts'),
    logger: new DefaultLogger('ERROR'),
  });
  await world.database.pool.query(
    `with m as (insert into models (id, provider, license, input, output, batch) values ('signalled', 'test', 'open', '{text}', 'text', false) returning id)
     insert into model_prices (model_id, starts_at, input_per_million_nano) select id, '2020-01-01', 1000000000 from m`,
  );
});
afterAll(async () => {
  await native.close();
  await world.close();
});

const event = (id: string, inputTokens: number) => ({ id, model: 'signalled', inputTokens });

/** Its run is begun by the other release. */
async function accountOfOtherRelease(during: (account: Awaited<ReturnType<typeof world.account>>) => Promise<void>) {
  const account = await world.account({ balance: '20.00', autoReload: { threshold: '10.00', amount: '25.00' } });
  await account.settle();
  await account.handle.terminate();
  await world.stopWorker();
  const { namespace } = world.client.options;
  const other = await Worker.create({
    connection: native,
    namespace,
    taskQueue: BALANCE_TASK_QUEUE,
    workflowBundle: otherRelease,
  });
  await other.runUntil(() => during(account));
  await world.startWorker();
  return account;
}
/** Of the run that the other release has begun; the one before it was terminated. */
async function historyOf(account: Awaited<ReturnType<typeof world.account>>): Promise<number> {
  const { status, historyLength } = await account.handle.describe();
  return status.name === 'RUNNING' ? historyLength : 0;
}

test('O4, B3 its run is replaced by one that begins from Postgres, with the usage that the first was told by signal', async () => {
  const account = await accountOfOtherRelease(async (account) => {
    await account.wake(reportUsageSignal, { events: [event('a', 12_000_000)] });
    await until(
      () => historyOf(account),
      (events) => events >= 6,
    );
  });
  const stuck = (await account.handle.describe()).runId;
  await account.handle.signal(reportUsageSignal, { events: [event('b', 1_000_000), event('a', 12_000_000)] });
  // What has happened since is in Postgres, and nobody has told the run.
  await account.use('15.00', { signal: false });
  await until(
    () => account.credits(),
    (credits) => credits.length === 2,
    30_000,
  );
  await account.settle();
  expect(await account.available()).toBe('17.00');
  expect((await account.handle.describe()).runId).not.toBe(stuck);
  const { status } = await world.client.workflow.getHandle(account.handle.workflowId, stuck).describe();
  expect(status.name).toBe('TERMINATED');
});

test('O4, B3 also where it is told of nothing but usage by signal, which Postgres does not know', async () => {
  const account = await accountOfOtherRelease(async (account) => {
    await account.wake(reportUsageSignal, { events: [event('a', 1_000_000)] });
    await until(
      () => historyOf(account),
      (events) => events >= 6,
    );
  });
  await account.handle.signal(reportUsageSignal, { events: [event('b', 1_000_000)] });
  await until(
    () => account.available(),
    (available) => available === '18.00',
    30_000,
  );
});

test('B3, B8 usage that the old run was told without a time is of then: it is not new where it has been posted and archived since', async () => {
  const account = await world.account({ balance: '20.00', autoReload: { threshold: '10.00', amount: '25.00' } });
  await account.wake(reportUsageSignal, {
    events: [event('old', 1_000_000), { ...event('own', 1), at: '2020-02-01T00:00:00Z' }],
  });
  await until(
    () => account.available(),
    (available) => available === '19.00',
  );
  const { workflowId } = account.handle;
  const { runId } = await account.handle.describe();
  const [old, own] = (await readReports(world.client, { workflowId, runId })) as { at: string }[];
  expect(Math.abs(Date.now() - Date.parse(old!.at))).toBeLessThan(60_000);
  expect(own!.at).toBe('2020-02-01T00:00:00Z');
});

test('O4, B3 a run that was told 8 MB of usage is replaced, and all of it is posted; the next one reads as much', async () => {
  const { pool } = world.database;
  const account = await accountOfOtherRelease(async (account) => {
    await account.wake(reportUsageSignal, { events: [event('first', 1)] });
    await until(
      () => historyOf(account),
      (events) => events >= 6,
    );
  });
  const posted = async (): Promise<number> =>
    (await pool.query('select event_id from usage_events where account_id = $1', [account.id])).rowCount!;
  for (let signal = 0; signal < 30; signal++)
    await account.handle.signal(reportUsageSignal, {
      events: Array.from({ length: 5_000 }, (_, nth) => event(`${'many'.repeat(5)}${signal}/${nth}`, 1)),
    });
  await until(posted, (count) => count === 150_001);
  // What the next one would post: nobody does.
  await world.stopWorker();
  const { workflowId } = account.handle;
  const { runId } = await account.handle.describe();
  await world.client.workflow.start('balance', {
    workflowId,
    ...START,
    workflowIdConflictPolicy: 'TERMINATE_EXISTING',
    args: [{ accountId: account.id, replaces: runId }],
  });
  const { runId: next } = await account.handle.describe();
  expect(await readReports(world.client, { workflowId, runId: next })).toHaveLength(150_001);
  await account.handle.terminate();
  await world.startWorker();
});

test('O4, B3 nothing is lost or posted twice where two begin it anew at once, all workers have died, and the new run is replaced too', async () => {
  const { pool } = world.database;
  const many = Array.from({ length: 1_200 }, (_, nth) => event(`m${nth}`, 10_000));
  const account = await accountOfOtherRelease(async (account) => {
    await account.wake(reportUsageSignal, { events: many });
    await until(
      () => historyOf(account),
      (events) => events >= 6,
    );
  });
  await account.handle.signal(reportUsageSignal, { events: [event('b', 1_000_000)] });
  await until(
    async () => (await account.handle.fetchHistory()).events,
    (events) => events!.some(({ workflowTaskFailedEventAttributes: failed }) => failed),
  );
  await world.stopWorker();
  const begin = () => beginAnewIfNotReplayable(pool, world.client, account.id);
  await transaction(pool, async (tx) => {
    await lockWorkflow(tx, account.id);
    expect(await begin()).toBe(false);
  });
  expect((await Promise.all([begin(), begin()])).toSorted()).toEqual([false, true]);
  expect(await begin()).toBe(false);
  const { workflowId } = account.handle;
  await world.client.workflow.start('balance', {
    workflowId,
    ...START,
    workflowIdConflictPolicy: 'TERMINATE_EXISTING',
    args: [{ accountId: account.id, replaces: (await account.handle.describe()).runId }],
  });
  await account.handle.signal(reportUsageSignal, { events: [event('c', 1_000_000)] });
  await world.startWorker();
  await until(
    () => account.available(),
    (available) => available === '31.00',
  );
  const posted = await pool.query('select event_id from usage_events where account_id = $1', [account.id]);
  expect(posted.rowCount).toBe(1_202);
});

test('O4 a run that does not react for another reason is left as it is', async () => {
  const account = await world.account({ balance: '20.00', autoReload: { threshold: '10.00', amount: '25.00' } });
  await account.settle();
  const { runId } = await account.handle.describe();
  await world.stopWorker();
  await account.use('15.00', { signal: false });
  expect(await beginAnewIfNotReplayable(world.database.pool, world.client, account.id)).toBe(false);
  await world.startWorker();
  await until(
    () => account.credits(),
    (credits) => credits.length === 2,
  );
  expect((await account.handle.describe()).runId).toBe(runId);
});

test('A13 an owner whose request was under way is told to ask again at once, and is answered; the relay hears of it', async () => {
  const ask = (id: string) =>
    updateBalance({ pool: world.database.pool, temporal: world.client }, id, pauseAutoReloadUpdate, { actor: 'olga' });
  const asking: Promise<unknown>[] = [];
  const account = await accountOfOtherRelease(async (account) => {
    asking.push(ask(account.id).catch((error: unknown) => error));
    await until(
      () => historyOf(account),
      (events) => events >= 6,
    );
  });
  const news = async () =>
    (await world.database.pool.query<{ news: bigint }>('select news from balances where account_id = $1', [account.id]))
      .rows[0]!.news;
  const before = await news();
  await account.wake(refreshSignal);
  await until(() => beginAnewIfNotReplayable(world.database.pool, world.client, account.id), Boolean);
  expect(await asking[0]).toMatchObject({ code: 'temporal_unavailable', status: 503 });
  expect(await news()).toBe(before + 1n);
  expect(await ask(account.id)).toEqual({ kind: 'saved' });
});
