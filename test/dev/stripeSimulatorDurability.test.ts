// What survives a kill -9, of the real process.
import { spawn, type ChildProcess } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { transformFileSync } from '@swc/core';
import { startStripeSimulator } from '../../dev/stripe/server';
import { customerWith, failureOf, newIntent, startHarness, stripeFor } from './stripeSimulatorHarness';
import { startReceiver, WEBHOOK_SECRET } from './stripeSimulatorReceiver';

const repository = resolve(__dirname, '../..');
// Compiled here and now, and inside node_modules, so that it is never stale and finds its dependencies.
const compiled = join(repository, 'node_modules/.cache', `stripe-simulator-${process.pid}`);
let dataDir: string;
const children = new Set<ChildProcess>();

beforeAll(() => {
  mkdirSync(compiled, { recursive: true });
  const sources = join(repository, 'dev/stripe');
  for (const file of readdirSync(sources).filter((name) => name.endsWith('.ts'))) {
    const { code } = transformFileSync(join(sources, file), {
      jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
      module: { type: 'commonjs' },
    });
    writeFileSync(join(compiled, file.replace(/\.ts$/, '.js')), code);
  }
});
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'stripe-simulator-'));
});
afterEach(() => {
  children.forEach((child) => child.kill('SIGKILL'));
  rmSync(dataDir, { recursive: true, force: true });
});
afterAll(() => rmSync(compiled, { recursive: true, force: true }));

type Running = { child: ChildProcess; port: number; ended: Promise<number | null> };

/** Starts `main.ts` and waits for the line it prints. */
async function run(args: string[] = [], env: Record<string, string> = {}): Promise<Running> {
  const child = spawn(process.execPath, [join(compiled, 'main.js'), ...args], {
    env: { ...process.env, ...env },
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
  const first = await run(['--data-dir', dataDir]);
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
  while (acknowledged.length < 100) await new Promise((done) => setTimeout(done, 5));
  first.child.kill('SIGKILL');
  await Promise.allSettled(working);

  const second = await run([], { SIMULATOR_DATA_DIR: dataDir });
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
  const webhook = ['--webhook-url', receiver.url, '--webhook-secret', WEBHOOK_SECRET];
  const first = await run(['--data-dir', dataDir, ...webhook]);
  await customerWith(stripeFor(first.port), 'pm_card_visa');
  const owed = (await stripeFor(first.port).events.list()).data.map(({ id }) => id);
  first.child.kill('SIGKILL');
  await first.ended;
  const back = await startReceiver(Number(new URL(receiver.url).port));
  await run(['--data-dir', dataDir, ...webhook]);
  expect((await back.arrived(2)).map(({ id }) => id).sort()).toEqual(owed.sort());
  await back.stop();
});

test('SIGTERM stops it cleanly', async () => {
  const { child, port, ended } = await run(['--data-dir', dataDir]);
  await stripeFor(port).customers.create({});
  child.kill('SIGTERM');
  expect(await ended).toBe(0);
});

test('a setting that makes no sense is said so', async () => {
  await expect(run(['--webhook-url', 'http://127.0.0.1:1/'])).rejects.toThrow(
    'a webhook needs both its URL and its secret',
  );
});

describe('the journal', () => {
  const journal = (): string => join(dataDir, 'journal.jsonl');

  async function once(work: (stripe: ReturnType<typeof stripeFor>) => Promise<unknown>): Promise<void> {
    const { simulator, stripe } = await startHarness({ dataDir });
    await work(stripe);
    await simulator.stop();
  }

  test('may end in a torn line', async () => {
    let customer = '';
    await once(async (stripe) => (customer = (await stripe.customers.create({ name: 'Ada' })).id));
    appendFileSync(journal(), '[["customers","cus_torn",{"id":"cus_to');
    await once(async (stripe) => {
      expect(await stripe.customers.retrieve(customer)).toMatchObject({ name: 'Ada' });
      expect((await failureOf(stripe.customers.retrieve('cus_torn'))).statusCode).toBe(404);
    });
  });

  test('is refused when it is damaged before its end', async () => {
    await once((stripe) => stripe.customers.create({}));
    writeFileSync(journal(), `nonsense\n${readFileSync(journal(), 'utf8')}`);
    await expect(startStripeSimulator({ host: '127.0.0.1', port: 0, dataDir })).rejects.toThrow('damaged at line 1');
  });

  test('holds each object once after a start', async () => {
    await once(async (stripe) => {
      const { id } = await stripe.customers.create({});
      for (let index = 0; index < 50; index += 1) await stripe.customers.update(id, { name: `Ada ${index}` });
    });
    await once(() => Promise.resolve());
    const customers = readFileSync(journal(), 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('[["customers"'));
    expect(customers).toHaveLength(1);
    expect(customers[0]).toContain('Ada 49');
  });

  test('keeps the order of what was created', async () => {
    const created: string[] = [];
    await once(async (stripe) => {
      const { customer } = await customerWith(stripe, 'pm_card_visa');
      for (let index = 0; index < 5; index += 1) created.unshift((await newIntent(stripe, customer)).id);
      await stripe.paymentIntents.cancel(created[4] as string);
    });
    await once(async (stripe) =>
      expect((await stripe.paymentIntents.list()).data.map(({ id }) => id)).toEqual(created),
    );
  });
});
