import { transaction, type Tx } from '../../ledger/db';
import { postNotice } from '../../ledger/notices/postNotice';
import { beginWebhookAttempt } from '../../ledger/webhooks/beginWebhookAttempt';
import { listDeliveriesToStart } from '../../ledger/webhooks/listDeliveriesToStart';
import { recordWebhookAttempt } from '../../ledger/webhooks/recordWebhookAttempt';
import type { WebhookAttempt, WebhookBegun, WebhookOutcome } from '../../ledger/webhooks/webhookAttempt';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { openAccount } from '../support/ledgerAccount';
import { times } from '../support/times';
import { readWebhooks, registerEndpoint } from '../support/webhooks';

let database: TestDatabase;
let account: string;
let endpoint: string;
beforeAll(async () => (database = await createTestDatabase()));
afterAll(() => database.drop());
beforeEach(async () => {
  account = await openAccount(database.pool);
  endpoint = await registerEndpoint(database.pool, account, 'http://127.0.0.1:9/0');
});

const PATIENCE_SECONDS = 900;
const beginIn = (tx: Tx, id: string) =>
  beginWebhookAttempt(tx, id, { slowToo: true, patienceSeconds: PATIENCE_SECONDS });
const begin = (id: string) => transaction(database.pool, (tx) => beginIn(tx, id));
/** All at once; then those that got no place look again, one after the other: some had only met. */
async function beginAll(ids: readonly string[]): Promise<WebhookBegun[]> {
  const begun = await Promise.all(ids.map(begin));
  for (const [n, id] of ids.entries()) if (begun[n]!.kind === 'waits') begun[n] = await begin(id);
  return begun;
}
const timedOut: WebhookOutcome = { kind: 'put_off', status: null, error: 'no answer within 15 s', delaySeconds: 5 };
const delivered: WebhookOutcome = { kind: 'delivered', status: 204 };
const record = (deliveryId: string, outcome: WebhookOutcome) =>
  transaction(database.pool, (tx) =>
    recordWebhookAttempt(
      tx,
      { deliveryId },
      outcome,
      outcome.kind === 'delivered' ? { tookMs: 20, inVain: false } : { tookMs: 15_000, inVain: true },
      PATIENCE_SECONDS,
    ),
  );

/** Of so many notices, one to each endpoint. */
async function post(count: number): Promise<string[]> {
  for (const n of times(count, Number))
    await postNotice(database.pool, account, `${account}/${n}`, { kind: 'resumed', available: '1.00' });
  return (await readWebhooks(database.pool, account)).map(({ id }) => id);
}
const kinds = (begun: WebhookBegun[]) => begun.map(({ kind }) => kind);
const row = async (id: string) => {
  const { rows } = await database.pool.query(
    `select status, attempts, last_error, extract(epoch from start_at - now())::int as "startsIn" from webhook_deliveries where id = $1`,
    [id],
  );
  return rows[0];
};
/** As if so much time had passed. */
const age = (seconds: number) =>
  database.pool.query(
    `with tries as (update webhook_tries set ends_at = ends_at - make_interval(secs => $1)),
       endpoints as (update webhook_endpoints set rests_until = rests_until - make_interval(secs => $1), line_ends_at = line_ends_at - make_interval(secs => $1))
     update webhook_deliveries set created_at = created_at - make_interval(secs => $1)`,
    [seconds],
  );

test('N2 two tries of an endpoint are under way at once, however many begin; the others wait, which is no try', async () => {
  const ids = await post(6);
  const begun = await beginAll(ids);
  expect(kinds(begun).sort()).toEqual(['begun', 'begun', ...Array(4).fill('waits')]);
  const waiting = ids.find((_, n) => begun[n]!.kind === 'waits')!;
  const { startsIn, ...rest } = await row(waiting);
  expect(rest).toEqual({ status: 'pending', attempts: 0, last_error: null });
  // Not started anew while it waits.
  expect(startsIn).toBeGreaterThanOrEqual(PATIENCE_SECONDS);
  const waits = begun.flatMap((one) => (one.kind === 'waits' ? [one.waitMs] : [])).sort((a, b) => a - b);
  expect(new Set(waits).size).toBe(4);
  expect(waits[0]).toBeLessThan(2_000);

  await record(
    ids.find((_, n) => begun[n]!.kind === 'begun')!,
    delivered,
  );
  expect(await begin(waiting)).toMatchObject({ kind: 'begun', attempt: { attempt: 1 } });
});

test('N2 four tries of an account are under way at once, over all its endpoints; of other accounts as many', async () => {
  await Promise.all(times(9, (n) => registerEndpoint(database.pool, account, `http://127.0.0.1:9/${n + 1}`)));
  const begun = await beginAll(await post(1));
  expect(kinds(begun).filter((kind) => kind === 'begun')).toHaveLength(4);
  account = await openAccount(database.pool);
  await registerEndpoint(database.pool, account, 'http://127.0.0.1:9/0');
  expect(kinds(await beginAll(await post(2)))).toEqual(['begun', 'begun']);
});

test('N2 nobody waits while another counts the places, with a connection that charges need; a lost workflow is found all the same', async () => {
  const [first, second] = (await post(2)) as [string, string];
  const before = await row(second);
  await transaction(database.pool, async (frozen) => {
    await beginIn(frozen, first);
    const begun = await transaction(database.pool, async (tx) => {
      await tx.query(`set local lock_timeout = '1s'`);
      return beginIn(tx, second);
    });
    expect(begun).toEqual({ kind: 'waits', waitMs: expect.any(Number) });
    expect((begun as { waitMs: number }).waitMs).toBeLessThan(2_000);
  });
  expect(await row(second)).toEqual(before);
  expect(await listDeliveriesToStart(database.pool, 1_000)).toContain(second);
});

test('N2 a try whose worker died begins again in its own place; without it the place is free when its time is over', async () => {
  const [first, second, third] = (await post(3)) as [string, string, string];
  await begin(first);
  await begin(second);
  expect(await begin(second)).toMatchObject({ kind: 'begun', attempt: { attempt: 2 } });
  expect(await begin(third)).toMatchObject({ kind: 'waits' });
  await age(31);
  expect(await begin(third)).toMatchObject({ kind: 'begun', attempt: { attempt: 1 } });
  await record(third, delivered);
  const { rows } = await database.pool.query('select delivery_id from webhook_tries where account_id = $1', [account]);
  expect(rows).toEqual([]);
});

test('N2 an endpoint that did not answer three times in a row rests, then one looks after it; its answer ends all that', async () => {
  const ids = await post(6);
  for (const id of ids.slice(0, 3)) {
    await begin(id);
    await record(id, timedOut);
  }
  const [fourth, fifth, sixth] = ids.slice(3) as [string, string, string];
  expect(await begin(fourth)).toMatchObject({ kind: 'waits' });
  expect(await row(fourth)).toMatchObject({ attempts: 0, last_error: expect.stringContaining('not tried yet') });
  await age(30);
  expect(await begin(fourth)).toMatchObject({ kind: 'begun' });
  expect(await begin(fifth)).toMatchObject({ kind: 'waits' });
  await record(fourth, timedOut);
  await age(31);
  expect(await begin(fifth)).toMatchObject({ kind: 'waits' });
  await age(60);
  expect(await begin(fifth)).toMatchObject({ kind: 'begun', slow: true });
  await record(fifth, delivered);
  expect(await begin(sixth)).toMatchObject({ kind: 'begun', slow: false });
  expect(kinds(await Promise.all(ids.slice(0, 1).map(begin)))).toEqual(['begun']);
});

test('N2 the line of an endpoint that is back begins anew, however long it was; any other answer leaves it as it is', async () => {
  const [back, begun, alsoBegun, next, last] = (await post(5)) as [string, string, string, string, string];
  const lineOf59Minutes = () =>
    database.pool.query(`update webhook_endpoints set line_ends_at = now() + interval '59 minutes' where id = $1`, [
      endpoint,
    ]);
  await database.pool.query('update webhook_endpoints set unanswered = 3 where id = $1', [endpoint]);
  await lineOf59Minutes();
  await begin(back);
  await record(back, delivered);
  await begin(begun);
  await begin(alsoBegun);
  expect(await begin(next)).toEqual({ kind: 'waits', waitMs: 1_025 });

  await lineOf59Minutes();
  await record(begun, delivered);
  await begin(next);
  const { waitMs } = (await begin(last)) as { waitMs: number };
  expect(waitMs).toBeGreaterThan(58 * 60_000);
});

test('N2 a test is sent while its endpoint rests, and its answer ends the rest', async () => {
  const [waiting, test] = [(await post(1))[0]!, '00000000-0000-4000-8000-000000000001'];
  await database.pool.query(
    `update webhook_endpoints set unanswered = 5, rests_until = now() + interval '1 hour' where id = $1`,
    [endpoint],
  );
  await database.pool.query('insert into webhook_deliveries (id, endpoint_id) values ($1, $2)', [test, endpoint]);
  expect(await begin(waiting)).toMatchObject({ kind: 'waits' });
  const begun = (await begin(test)) as { attempt: WebhookAttempt };
  expect(begun.attempt.payload.type).toBe('test');
  await record(test, delivered);
  expect(await begin(waiting)).toMatchObject({ kind: 'begun' });
});

test('N2 what an endpoint that is silent for long has not taken after four days is given up; after an outage of ours nothing is', async () => {
  const [old, ...others] = (await post(4)) as [string, string, string, string];
  await age(4 * 86_400 + 60);
  for (const id of others) {
    await begin(id);
    await record(id, timedOut);
  }
  expect(await begin(old)).toMatchObject({ kind: 'waits' });
  await database.pool.query('update webhook_endpoints set unanswered = 100 where id = $1', [endpoint]);
  expect(await begin(old)).toEqual({ kind: 'ended' });
  expect(await row(old)).toMatchObject({
    status: 'failed',
    attempts: 0,
    last_error: expect.stringContaining('given up'),
  });
});
