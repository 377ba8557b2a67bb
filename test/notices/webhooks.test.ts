import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { SLOW_AT_ONCE_MAX } from '../../activities/webhooks';
import { transaction } from '../../ledger/db';
import { postNotice } from '../../ledger/notices/postNotice';
import { postTestDelivery } from '../../ledger/webhooks/postTestDelivery';
import { removeEndpoint } from '../../ledger/webhooks/removeEndpoint';
import { rotateSecret } from '../../ledger/webhooks/rotateSecret';
import { startStartingWebhooks } from '../../workers/webhookStarts';
import { webhookDeliveryWorkflowId } from '../../workflows/messages';
import { startWebhookDelivery } from '../../workflows/startWebhookDelivery';
import { openAccount } from '../support/ledgerAccount';
import { until } from '../support/notices';
import { startReceiver, type Receiver } from '../support/receiver';
import { times } from '../support/times';
import { readWebhooks, registerEndpoint, SECRET, type WebhookRow } from '../support/webhooks';
import { World } from '../support/world';

let world: World;
let account: string;
const open: Receiver[] = [];
beforeAll(async () => {
  world = await World.start({ time: 'real', webhooks: true });
});
beforeEach(async () => {
  account = await openAccount(world.database.pool);
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((receiver) => receiver.close()));
});
afterAll(() => world.close());

const receive = async (...answer: Parameters<typeof startReceiver>) => {
  const receiver = await startReceiver(...answer);
  open.push(receiver);
  return receiver;
};
const register = (receiver: Receiver, ...more: [events?: ['refund']]) =>
  registerEndpoint(world.database.pool, account, receiver.url, ...more);
const resume = (n = 1) =>
  postNotice(world.database.pool, account, `resumed/${account}/${n}`, { kind: 'resumed', available: '25.000000001' });
const rows = () => readWebhooks(world.database.pool, account);
const rowsWhen = (check: (row: WebhookRow) => boolean) => until(rows, (seen) => seen.length > 0 && seen.every(check));
const ended = () => rowsWhen(({ status }) => status !== 'pending');

test('N2 a notice reaches each endpoint that wants it, once, signed, with money as a string', async () => {
  const [all, other] = [await receive(), await receive()];
  await register(all);
  await register(other, ['refund']);
  await Promise.all(Array.from({ length: 20 }, () => resume()));
  expect(await ended()).toMatchObject([
    { url: all.url, kind: 'resumed', status: 'delivered', attempts: 1, last_status: 204, last_error: null },
  ]);
  expect(all.verified(SECRET)).toEqual({
    type: 'resumed',
    timestamp: expect.any(String),
    data: { accountId: account, available: '25.000000001' },
  });
  const {
    rows: [notice],
  } = await world.database.pool.query('select id, at from notices where account_id = $1', [account]);
  expect(all.received[0]!.headers['webhook-id']).toBe(notice.id);
  expect(all.verified(SECRET).timestamp).toBe(notice.at.toISOString());
  await sleep(300);
  expect([all.received.length, other.received.length]).toEqual([1, 0]);
});

test('N2 an event that is rolled back is sent to nobody', async () => {
  await register(await receive());
  await transaction(world.database.pool, async (tx) => {
    await postNotice(tx, account, `never/${account}`, { kind: 'resumed', available: '1.00' });
    throw new Error('never mind');
  }).catch(() => undefined);
  expect(await rows()).toEqual([]);
});

test('N2 a failure is tried again after five seconds, its body told to nobody, under the same id and freshly signed', async () => {
  const receiver = await receive((response, nth) =>
    response.writeHead(nth === 1 ? 503 : 200).end('what stands inside'),
  );
  await register(receiver);
  await resume();
  expect(await rowsWhen(({ attempts, last_error }) => attempts === 1 && last_error !== null)).toMatchObject([
    { status: 'pending', last_status: 503, last_error: 'answered 503' },
  ]);
  expect(await ended()).toMatchObject([{ status: 'delivered', attempts: 2, last_status: 200, last_error: null }]);
  expect(receiver.verified(SECRET, 0)).toEqual(receiver.verified(SECRET, 1));
  const [first, second] = receiver.received.map(({ headers }) => headers);
  expect(second!['webhook-id']).toBe(first!['webhook-id']);
  expect(Number(second!['webhook-timestamp']) - Number(first!['webhook-timestamp'])).toBeGreaterThanOrEqual(4);
});

test('N2 an endpoint that is gone (410) is disabled and gets nothing more; the others do', async () => {
  const gone = await receive((response) => response.writeHead(410).end());
  const well = await receive();
  await register(gone);
  await register(well);
  await resume(1);
  expect((await ended()).map(({ status }) => status).sort()).toEqual(['delivered', 'failed']);
  const { rows: endpoints } = await world.database.pool.query(
    'select url from webhook_endpoints where account_id = $1 and disabled_at is not null',
    [account],
  );
  expect(endpoints).toEqual([{ url: gone.url }]);
  await resume(2);
  await until(rows, (seen) => seen.length === 3 && seen.every(({ status }) => status !== 'pending'));
  expect([gone.received.length, well.received.length]).toEqual([1, 2]);
});

test('N2 what waits for an endpoint that is removed meanwhile is not sent', async () => {
  const receiver = await receive((response) => response.writeHead(500).end());
  const endpointId = await register(receiver);
  await resume();
  await rowsWhen(({ attempts, last_error }) => attempts === 1 && last_error !== null);
  await transaction(world.database.pool, (tx) => removeEndpoint(tx, account, endpointId));
  expect(await ended()).toMatchObject([{ status: 'failed', attempts: 1, last_error: 'the endpoint was removed' }]);
  expect(receiver.received).toHaveLength(1);
});

test('N2 after a rotation both secrets sign; the old one no more when its day is over', async () => {
  const receiver = await receive();
  const endpointId = await register(receiver);
  const rotated = `whsec_${Buffer.from('n'.repeat(32)).toString('base64')}`;
  await transaction(world.database.pool, (tx) => rotateSecret(tx, account, endpointId, rotated));
  await resume(1);
  await ended();
  expect(receiver.verified(SECRET)).toEqual(receiver.verified(rotated));
  await world.database.pool.query(
    'update webhook_secrets set expires_at = now() where endpoint_id = $1 and expires_at is not null',
    [endpointId],
  );
  await resume(2);
  await until(rows, (seen) => seen.length === 2 && seen.every(({ status }) => status !== 'pending'));
  expect(receiver.verified(rotated)).toMatchObject({ type: 'resumed' });
  expect(() => receiver.verified(SECRET)).toThrow('No matching signature');
});

test('N2 the test button sends once, whatever comes of it', async () => {
  const receiver = await receive((response) => response.writeHead(302, { location: '/elsewhere' }).end());
  const endpointId = await register(receiver, ['refund']);
  const deliveryId = await postTestDelivery(world.database.pool, account, endpointId);
  expect(await ended()).toMatchObject([
    {
      id: deliveryId,
      kind: null,
      status: 'failed',
      attempts: 1,
      last_status: 302,
      last_error: 'answered 302; redirects are not followed',
    },
  ]);
  expect(receiver.received[0]!.headers['webhook-id']).toBe(deliveryId);
  expect(receiver.verified(SECRET)).toMatchObject({ type: 'test', data: { accountId: account } });
});

test('N2 a worker that died between the start and its mark, or two workers at once, send once', async () => {
  const receiver = await receive();
  await register(receiver);
  await resume();
  const [{ id }] = (await rows()) as [WebhookRow];
  const log = pino({ level: 'silent' });
  const others = [1, 2].map(() =>
    startStartingWebhooks({ pool: world.database.pool, client: world.client, log, pollMs: 10 }),
  );
  await Promise.all(Array.from({ length: 5 }, () => startWebhookDelivery(world.client, id)));
  expect(await ended()).toMatchObject([{ status: 'delivered', attempts: 1 }]);
  await startWebhookDelivery(world.client, id);
  await world.client.workflow.result(webhookDeliveryWorkflowId(id));
  await Promise.all(others.map((other) => other.stop()));
  expect(receiver.received).toHaveLength(1);
});

test('N2 a delivery whose workflow Temporal has lost is started again and goes on counting', async () => {
  const receiver = await receive((response, nth) => response.writeHead(nth === 1 ? 500 : 204).end());
  await register(receiver);
  await resume();
  const [{ id }] = (await rowsWhen(({ last_error }) => last_error !== null)) as [WebhookRow];
  await world.client.workflow.getHandle(webhookDeliveryWorkflowId(id)).terminate('lost');
  await world.database.pool.query('update webhook_deliveries set start_at = now() where id = $1', [id]);
  expect(await ended()).toMatchObject([{ status: 'delivered', attempts: 2 }]);
});

test('N2 a worker that stops in mid-send leaves the delivery to the next one', async () => {
  const receiver = await receive((response, nth) => void (nth > 1 && response.writeHead(204).end()));
  await register(receiver);
  await resume();
  await until(
    () => receiver.received.length,
    (count) => count === 1,
  );
  await world.stopWorker();
  expect(await rows()).toMatchObject([{ status: 'pending', attempts: 1 }]);
  await world.startWorker();
  expect(await ended()).toMatchObject([{ status: 'delivered', attempts: 2 }]);
});

/** Counts the requests that wait for it. */
async function hang(): Promise<{ receiver: Receiver; waiting: () => number }> {
  let waiting = 0;
  const receiver = await receive((response) => {
    waiting += 1;
    response.on('close', () => (waiting -= 1));
  });
  return { receiver, waiting: () => waiting };
}
/** Of each of these accounts, to each of so many endpoints, so many. */
async function postToHanging(accounts: number, endpoints: number, notices: number): Promise<() => number> {
  const { pool } = world.database;
  const hanging = await Promise.all(
    times(accounts, async () => {
      const id = await openAccount(pool);
      const theirs = await Promise.all(times(endpoints, hang));
      await Promise.all(theirs.map(({ receiver }) => registerEndpoint(pool, id, receiver.url)));
      await Promise.all(
        times(notices, (n) => postNotice(pool, id, `resumed/${id}/${n}`, { kind: 'resumed', available: '1.00' })),
      );
      return theirs;
    }),
  );
  return () => hanging.flat().reduce((sum, { waiting }) => sum + waiting(), 0);
}
/** What waits for endpoints of other tests must not be tried beside the next one's. */
const forgetEndpoints = () => world.database.pool.query('update webhook_endpoints set removed_at = now()');

test("N2 one account's endpoints that hang, with hundreds waiting for them, hold up nobody else's webhooks", async () => {
  const underWay = await postToHanging(1, 10, 50);
  await until(underWay, (count) => count === 4);
  const well = await receive();
  await register(well);
  let most = 0;
  for (const n of times(5, Number)) {
    await resume(n);
    await until(rows, (seen) => seen.length === n + 1 && seen.every(({ status }) => status === 'delivered'));
    most = Math.max(most, underWay());
  }
  // None of the twenty places for tries was taken by more than an account may.
  expect(most).toBe(4);
  expect(well.received).toHaveLength(5);
  await forgetEndpoints();
});

test("N2 many accounts' endpoints that hang leave half of a worker's room to those that answer", async () => {
  const well = await receive();
  await register(well);
  await resume(0);
  await ended();
  const underWay = await postToHanging(6, 5, 5);
  await until(underWay, (count) => count === SLOW_AT_ONCE_MAX);
  await resume(1);
  await until(rows, (seen) => seen.length === 2 && seen.every(({ status }) => status === 'delivered'));
  expect(underWay()).toBe(SLOW_AT_ONCE_MAX);
  await forgetEndpoints();
});
