import { WEBHOOK_RETRY_DELAYS_MS } from '../../domain/webhook';
import { postNotice } from '../../ledger/notices/postNotice';
import { webhookDeliveryWorkflowId } from '../../workflows/messages';
import { openAccount } from '../support/ledgerAccount';
import { until } from '../support/notices';
import { startReceiver, type Receiver } from '../support/receiver';
import { readWebhooks, registerEndpoint, SECRET, TRIES_MAX, type WebhookRow } from '../support/webhooks';
import { World } from '../support/world';

const HOUR_MS = 3_600_000;
let world: World;
let receiver: Receiver;
beforeAll(async () => {
  world = await World.start({ time: 'skipping', webhooks: true });
});
afterEach(() => receiver.close());
afterAll(() => world.close());

/** Posts a notice and lets days pass until its delivery has ended; the waits between tries, as Temporal kept them. */
async function delivered(): Promise<{ row: WebhookRow; waitsMs: number[] }> {
  const { pool } = world.database;
  const account = await openAccount(pool);
  await registerEndpoint(pool, account, receiver.url);
  await postNotice(pool, account, `${account}/1`, { kind: 'resumed', available: '1.00' });
  const find = async () => (await readWebhooks(pool, account))[0]!;
  const { id } = await find();
  const handle = world.client.workflow.getHandle(webhookDeliveryWorkflowId(id));
  await until(
    () =>
      handle.describe().then(
        () => true,
        () => false,
      ),
    Boolean,
  );
  await until(
    async () => (await world.sleep(HOUR_MS), find()),
    ({ status }) => status !== 'pending',
    150_000,
  );
  await handle.result();
  const { events } = await handle.fetchHistory();
  const waitsMs = events!.flatMap(({ timerStartedEventAttributes: timer }) =>
    timer ? [Number(timer.startToFireTimeout!.seconds) * 1_000] : [],
  );
  return { row: await find(), waitsMs };
}

test('N2 a webhook that never arrives is tried ten times over three days, then given up', async () => {
  receiver = await startReceiver((response) => response.writeHead(500).end('what stands inside'));
  const { row, waitsMs } = await delivered();
  expect(waitsMs).toEqual([...WEBHOOK_RETRY_DELAYS_MS]);
  expect(waitsMs).toEqual(
    [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400].map((seconds) => seconds * 1_000),
  );
  expect(row).toMatchObject({
    status: 'failed',
    attempts: TRIES_MAX,
    last_status: 500,
    last_error: 'answered 500',
  });
  expect(receiver.received).toHaveLength(TRIES_MAX);
  expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
});

test('N2 an endpoint that is back after hours gets what it has missed', async () => {
  receiver = await startReceiver(
    (response, nth) => void (nth < 5 ? response.destroy() : response.writeHead(200).end()),
  );
  const { row, waitsMs } = await delivered();
  expect(waitsMs).toEqual(WEBHOOK_RETRY_DELAYS_MS.slice(0, 4));
  expect(row).toMatchObject({ status: 'delivered', attempts: 5, last_status: 200, last_error: null });
  expect(receiver.verified(SECRET)).toMatchObject({ type: 'resumed' });
});
