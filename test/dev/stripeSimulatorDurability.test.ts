// What survives a kill -9, of the real process, and two of them on one state.
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { Client } from 'pg';
import { startProxy } from '../support/proxy';
import { forgetSimulatorState, newSimulatorState, type SimulatorState } from '../support/simulator';
import { until } from '../support/notices';
import { customerWith, newIntent, startHarness, stripeFor } from './stripeSimulatorHarness';
import { startReceiver, WEBHOOK_SECRET } from './stripeSimulatorReceiver';

/** As `npm test` has compiled it. */
const program = join(__dirname, '../../dist/dev/stripe/main.js');
let state: SimulatorState;
let place: Record<string, string>;
const children = new Set<ChildProcess>();

beforeEach(async () => {
  state = await newSimulatorState();
  place = { SIMULATOR_DATABASE_URL: state.databaseUrl, SIMULATOR_SCHEMA: state.schema };
});
afterEach(async () => {
  children.forEach((child) => child.kill('SIGKILL'));
  await forgetSimulatorState(state);
});

type Running = { child: ChildProcess; port: number; ended: Promise<number | null> };

/** Starts `main.ts` and waits for the line it prints. */
async function run(env: Record<string, string> = {}): Promise<Running> {
  const child = spawn(process.execPath, [program], {
    env: { ...process.env, ...place, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.add(child);
  const ended = new Promise<number | null>((done) => child.once('exit', (code) => done(code)));
  let printed = '';
  child.stderr?.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  const port = await new Promise<number>((done, fail) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
      const match = /stripe simulator listening on http:\/\/127\.0\.0\.1:(\d+)\n/.exec(printed);
      if (match !== null) done(Number(match[1]));
    });
    void ended.then(() => fail(new Error(`The simulator ended: ${printed}`)));
  });
  return { child, port, ended };
}

test('everything acknowledged is there after a kill -9, and idempotency keys still hold', async () => {
  const first = await run();
  const stripe = stripeFor(first.port);
  const { customer, method } = await customerWith(stripe, 'pm_card_visa');
  const acknowledged: string[] = [];
  const working = Array.from({ length: 8 }, async (_, worker) => {
    for (let index = 0; ; index += 1) {
      const key = `${worker}-${index}`;
      const paid = await newIntent(stripe, customer, 500 + worker, `create-${key}`).then(({ id }) =>
        stripe.paymentIntents.confirm(
          id,
          { payment_method: method, off_session: true },
          { idempotencyKey: `confirm-${key}` },
        ),
      );
      acknowledged.push(`${key} ${paid.id}`);
    }
  });
  await until(
    () => acknowledged.length,
    (count) => count >= 100,
  );
  first.child.kill('SIGKILL');
  await Promise.allSettled(working);

  const second = await run();
  const again = stripeFor(second.port);
  for (const line of acknowledged) {
    const [key, id] = line.split(' ') as [string, string];
    expect(await again.paymentIntents.retrieve(id)).toMatchObject({ status: 'succeeded' });
    const repeated = await again.paymentIntents.confirm(
      id,
      { payment_method: method, off_session: true },
      { idempotencyKey: `confirm-${key}` },
    );
    expect(repeated.lastResponse.headers).toHaveProperty('idempotent-replayed', 'true');
  }
  const paid = new Map<string, number>();
  for await (const charge of again.charges.list({ customer, limit: 100 }))
    paid.set(charge.payment_intent as string, (paid.get(charge.payment_intent as string) ?? 0) + 1);
  expect([...paid.values()].every((count) => count === 1)).toBe(true);
  expect(paid.size).toBeGreaterThanOrEqual(acknowledged.length);
});

test('webhooks that were owed are sent after the restart, under the same ids', async () => {
  const receiver = await startReceiver();
  await receiver.stop();
  const webhook = { SIMULATOR_WEBHOOK_URL: receiver.url, SIMULATOR_WEBHOOK_SECRET: WEBHOOK_SECRET };
  const first = await run(webhook);
  await customerWith(stripeFor(first.port), 'pm_card_visa');
  const owed = (await stripeFor(first.port).events.list()).data.map(({ id }) => id);
  first.child.kill('SIGKILL');
  await first.ended;
  const back = await startReceiver(Number(new URL(receiver.url).port));
  await run(webhook);
  expect((await back.arrived(2)).map(({ id }) => id).sort()).toEqual(owed.sort());
  await back.stop();
});

test('SIGTERM stops it cleanly', async () => {
  const { child, port, ended } = await run();
  await stripeFor(port).customers.create({});
  child.kill('SIGTERM');
  expect(await ended).toBe(0);
});

test('a setting that makes no sense is said so', async () => {
  await expect(run({ SIMULATOR_WEBHOOK_URL: 'http://127.0.0.1:1/' })).rejects.toThrow(
    'a webhook needs both its URL and its secret',
  );
});

test('the order of what was created is kept', async () => {
  const created: string[] = [];
  const first = await startHarness(state);
  const { customer } = await customerWith(first.stripe, 'pm_card_visa');
  for (let index = 0; index < 5; index += 1) created.unshift((await newIntent(first.stripe, customer)).id);
  await first.stripe.paymentIntents.cancel(created[4] as string);
  await first.simulator.stop();
  const second = await startHarness(state);
  expect((await second.stripe.paymentIntents.list()).data.map(({ id }) => id)).toEqual(created);
  await second.simulator.stop();
});

describe('two processes on one state', () => {
  test('charge a PaymentIntent once, whichever is asked to confirm it', async () => {
    const harnesses = await Promise.all([startHarness(state), startHarness(state)]);
    const stripes = harnesses.map(({ stripe }) => stripe);
    const { customer, method } = await customerWith(stripes[0]!, 'pm_card_visa');
    for (let round = 0; round < 20; round += 1) {
      const { id } = await newIntent(stripes[0]!, customer);
      const params = { payment_method: method, off_session: true };
      const outcomes = await Promise.all(
        [0, 1, 2, 3].map((index) =>
          stripes[index % 2]!.paymentIntents.confirm(id, params).then(
            ({ status }) => status,
            ({ code }) => code as string,
          ),
        ),
      );
      expect(outcomes.sort()).toEqual([...Array<string>(3).fill('payment_intent_unexpected_state'), 'succeeded']);
      expect((await stripes[1]!.charges.list({ payment_intent: id })).data).toHaveLength(1);
    }
    await Promise.all(harnesses.map(({ simulator }) => simulator.stop()));
  });

  test('do the work of an idempotency key once', async () => {
    const harnesses = await Promise.all([startHarness(state), startHarness(state)]);
    const intents = await Promise.all(
      harnesses.map(({ stripe }) =>
        stripe.paymentIntents.create({ amount: 500, currency: 'usd' }, { idempotencyKey: 'both' }),
      ),
    );
    expect(intents[0]!.id).toBe(intents[1]!.id);
    expect((await harnesses[0].stripe.paymentIntents.list()).data).toHaveLength(1);
    await Promise.all(harnesses.map(({ simulator }) => simulator.stop()));
  });
});

test('while Postgres can not be reached it answers 503, and the idempotency key stays free', async () => {
  const proxy = await startProxy(Number(new URL(state.databaseUrl).port));
  const through = new URL(state.databaseUrl);
  through.port = String(proxy.port);
  const cut = await startHarness({ ...state, databaseUrl: through.href });
  const other = await startHarness(state);
  const create = (stripe: typeof cut.stripe) =>
    stripe.customers.create({ name: 'Ada' }, { idempotencyKey: 'one customer' });
  expect((await cut.stripe.customers.list()).data).toEqual([]);
  await proxy.close();
  await expect(create(cut.stripe)).rejects.toMatchObject({ statusCode: 503 });
  const { lastResponse } = await create(other.stripe);
  expect(lastResponse.headers).not.toHaveProperty('idempotent-replayed');
  expect((await other.stripe.customers.list()).data).toHaveLength(1);
  await Promise.all([cut.simulator.stop(), other.simulator.stop()]);
});

test('a page of a list is found by an index, however many objects there are', async () => {
  const { simulator, stripe } = await startHarness(state);
  const { customer } = await customerWith(stripe, 'pm_card_visa');
  const { id } = await newIntent(stripe, customer);
  const client = new Client({ connectionString: state.databaseUrl });
  await client.connect();
  await client.query(`set search_path = ${state.schema}`);
  await client.query(`
    insert into objects (kind, id, version, created, body)
    select kind, kind || n, 1, n, json_build_object('id', kind || n, 'customer', 'cus_' || n % 1000, 'created', n)
    from generate_series(1, 20000) n, unnest(array['payment_intents', 'events']) kind`);
  await client.query('analyze objects');
  await client.query(`select pg_stat_reset_single_table_counters('objects'::regclass)`);
  expect((await stripe.paymentIntents.list({ customer })).data.map((intent) => intent.id)).toEqual([id]);
  expect((await stripe.paymentIntents.list({ limit: 100, starting_after: 'payment_intents9000' })).data).toHaveLength(
    100,
  );
  expect((await stripe.paymentIntents.list({ created: { lte: 100 }, limit: 5 })).data[0]!.created).toBe(100);
  expect((await stripe.events.list({ created: { gte: 30_000 } })).data.length).toBeGreaterThan(1);
  // Its connections leave their counts behind when they close.
  await simulator.stop();
  const rowsRead = async (): Promise<number> =>
    (
      await client.query<{ rows: number }>(
        `select (seq_tup_read + idx_tup_fetch)::int as rows from pg_stat_user_tables where relid = 'objects'::regclass`,
      )
    ).rows[0]!.rows;
  const rows = await until(rowsRead, (read) => read > 100);
  await client.end();
  expect(rows).toBeLessThan(1_000);
});
