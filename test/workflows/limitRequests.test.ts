/** L6: one workflow for each limit request, which reminds the admins until one of them has decided. */
import { beginClosing } from '../../ledger/accounts/beginClosing';
import { transaction } from '../../ledger/db';
import { listLimitRequestsToStart } from '../../ledger/limits/listLimitRequestsToStart';
import { startStartingLimitRequests } from '../../workers/limitRequestStarts';
import * as messages from '../../workflows/messages';
import { startLimitRequest } from '../../workflows/startLimitRequest';
import { askForLimit, decideLimit, readLimitRequestState } from '../support/limitRequest';
import { until } from '../support/notices';
import { times } from '../support/times';
import { World } from '../support/world';

const POLICY = { trigger: 'at_or_below' as const, retryDelaysMs: [60_000, 300_000] };

let world: World;
beforeAll(async () => {
  world = await World.start({ time: 'skipping' });
});
afterAll(() => world.close());

const DAY = 86_400_000;
const TOLD = 'limit_request_waiting admin@ballast.test';

const handleOf = (requestId: string) => world.client.workflow.getHandle(messages.limitRequestWorkflowId(requestId));
const stateOf = (requestId: string) => readLimitRequestState(world.database.pool, requestId);
const waitsAfter = (requestId: string, mails: number) =>
  until(
    () => stateOf(requestId),
    ({ reminders }) => reminders === mails,
  );
/** Asked so long ago, by the world's time: it has run ahead of the database's. */
async function askedAgo(ms: number): Promise<string> {
  const { pool } = world.database;
  const account = await world.account({ cards: [] });
  const requestId = await askForLimit(pool, account.id);
  await pool.query('update limit_requests set created_at = to_timestamp($2) where id = $1', [
    requestId,
    ((await world.now()) - ms) / 1_000,
  ]);
  await startLimitRequest(world.client, requestId, false);
  await until(
    () => stateOf(requestId),
    ({ reminders }) => reminders > 0,
  );
  return requestId;
}
async function decided(requestId: string, decision: 'approve' | 'deny'): Promise<void> {
  await decideLimit(world.database.pool, requestId, decision);
  await startLimitRequest(world.client, requestId, true);
  await handleOf(requestId).result();
}

test('L6 admins are told at once, reminded after 1, 3 and 7 days and then weekly, and not after the decision', async () => {
  const requestId = await askedAgo(0);
  expect((await stateOf(requestId)).mails).toEqual([TOLD]);
  for (const [days, mails] of [
    [0.9, 1],
    [0.2, 2],
    [2, 3],
    [4, 4],
    [6, 4],
    [1, 5],
    [7, 6],
  ]) {
    await world.sleep(days! * DAY);
    await waitsAfter(requestId, mails!);
  }
  expect((await stateOf(requestId)).mails).toEqual(times(6, () => TOLD));
  await decided(requestId, 'approve');
  await world.sleep(30 * DAY);
  const { mails, isEnded } = await stateOf(requestId);
  expect([mails.filter((mail) => mail === TOLD).length, isEnded]).toEqual([6, true]);
});

test('L6 owners are told of a decision once, however often and in whichever order its workflow hears of it', async () => {
  const requestId = await askedAgo(0);
  await decideLimit(world.database.pool, requestId, 'deny');
  await Promise.all(times(5, () => startLimitRequest(world.client, requestId, true)));
  await handleOf(requestId).result();
  await startLimitRequest(world.client, requestId, false);
  await handleOf(requestId).result();
  const { mails } = await stateOf(requestId);
  expect(mails).toEqual([TOLD, expect.stringMatching(/^limit_request_decided acct_/)]);
});

test('L6 mails that nobody could send in their time are one mail, not many', async () => {
  const requestId = await askedAgo(20 * DAY);
  expect(await stateOf(requestId)).toMatchObject({ mails: [TOLD] });
  await decided(requestId, 'deny');
});

test('L6 the history of a request that nobody decides stays short: after fifty mails a new run goes on', async () => {
  const requestId = await askedAgo(0);
  const { runId: first } = await handleOf(requestId).describe();
  await world.sleep(52 * 7 * DAY);
  const { runId, historyLength } = await handleOf(requestId).describe();
  expect(runId).not.toBe(first);
  expect(historyLength).toBeLessThan(600);
  expect((await stateOf(requestId)).reminders).toBeGreaterThan(50);
  await decided(requestId, 'approve');
  expect((await stateOf(requestId)).isEnded).toBe(true);
});

test('L6, O4 a request whose workflow was started is not started again until its time has come', async () => {
  const { pool } = world.database;
  const account = await world.account({ cards: [] });
  const requestId = await askForLimit(pool, account.id);
  const dueIds = async () => (await listLimitRequestsToStart(pool, 100)).map(({ id }) => id);
  expect(await dueIds()).toContain(requestId);
  const warnings: unknown[] = [];
  const log = { warn: (about: object) => void warnings.push(about) };
  const starting = startStartingLimitRequests({ pool, client: world.client, log });
  await until(dueIds, (ids) => !ids.includes(requestId) || warnings.length > 0);
  await starting.stop();
  expect(warnings).toEqual([]);
  expect((await handleOf(requestId).describe()).status.name).toBe('RUNNING');
  await decided(requestId, 'deny');
});

test('L6 the workflow of a request ends when its account begins to be closed', async () => {
  const { pool } = world.database;
  const requestId = await askedAgo(0);
  const { rows } = await pool.query<{ account_id: string }>('select account_id from limit_requests where id = $1', [
    requestId,
  ]);
  const wish = { accountId: rows[0]!.account_id, balance: 'forfeit' as const, reason: 'test', actor: 'admin:test' };
  await transaction(pool, (tx) => beginClosing(tx, { ...wish, nowMs: Date.now() }, POLICY));
  const starting = startStartingLimitRequests({ pool, client: world.client, log: console });
  await handleOf(requestId).result();
  await starting.stop();
  expect(await stateOf(requestId)).toMatchObject({ isEnded: true });
});

test('L6 the workflow of an account that an earlier release began to close reminds nobody, and ends when that is done', async () => {
  const { pool } = world.database;
  const requestId = await askedAgo(0);
  await pool.query(
    'update accounts set closing_at = now() where id = (select account_id from limit_requests where id = $1)',
    [requestId],
  );
  await world.sleep(8 * DAY);
  expect((await stateOf(requestId)).mails).toEqual([TOLD]);
  await pool.query('select erase_account(account_id) from limit_requests where id = $1', [requestId]);
  await startLimitRequest(world.client, requestId, true);
  await handleOf(requestId).result();
  expect((await stateOf(requestId)).isEnded).toBe(true);
});
