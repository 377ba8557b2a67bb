/** Worker processes that start while Temporal is away: what needs only Postgres is done, the rest as soon as Temporal is there. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '../../dev/ports';
import { startTemporal, type RunningTemporal } from '../../dev/temporal';
import { parseMoney } from '../../domain/money';
import { placeHold } from '../../ledger/holds/placeHold';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { credit, openAccount } from '../support/ledgerAccount';
import { until } from '../support/notices';
import { dist } from '../support/paths';

let database: TestDatabase;
let filesDir: string;
beforeAll(async () => {
  database = await createTestDatabase();
  filesDir = mkdtempSync(join(tmpdir(), 'ballast-files-'));
});
afterAll(async () => {
  await database.drop();
  rmSync(filesDir, { recursive: true, force: true });
});

type Started = { child: ChildProcess; lines: string[]; isReady(): boolean; stop(): Promise<number | null> };
const started: ChildProcess[] = [];
afterEach(() => started.splice(0).forEach((child) => child.kill('SIGKILL')));

function start(script: 'main' | 'batchesMain', temporalAddress: string): Started {
  const child = spawn(process.execPath, [join(dist, 'workers', `${script}.js`)], {
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: database.url,
      TEMPORAL_ADDRESS: temporalAddress,
      STRIPE_SECRET_KEY: 'sk_test_none',
      STRIPE_API_BASE: 'http://127.0.0.1:9',
      FILES_DIR: filesDir,
      LOG_LEVEL: 'warn',
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  started.push(child);
  const lines: string[] = [];
  for (const stream of [child.stdout!, child.stderr!])
    createInterface({ input: stream }).on('line', (line) => lines.push(line));
  let ready = false;
  child.on('message', (message) => (ready ||= message === 'ready'));
  return {
    child,
    lines,
    isReady: () => ready,
    async stop() {
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      const [code] = (await gone) as [number | null];
      return code;
    },
  };
}

const waiting = ({ lines }: Started) => lines.filter((line) => line.includes('Temporal can not be reached'));
const STOP_MS_MAX = 8_000;

test('B5 a worker without Temporal expires holds, says once that it waits, and runs workflows when Temporal comes', async () => {
  const account = await openAccount(database.pool);
  await credit(database.pool, account, '5.00');
  const held = await placeHold(database.pool, {
    accountId: account,
    amount: parseMoney('5.00'),
    expiresInSeconds: 600,
    idempotencyKey: 'overdue',
    requestHash: 'overdue',
    openMax: 1,
  });
  expect(held.kind).toBe('placed');
  await database.pool.query(`update holds set expires_at = now() - interval '1 hour' where account_id = $1`, [account]);
  const status = async () =>
    (await database.pool.query('select status from holds where account_id = $1', [account])).rows[0].status;
  const hasNews = async () =>
    (await database.pool.query('select wake from balances where account_id = $1', [account])).rows[0].wake;

  const port = await freePort();
  const worker = start('main', `127.0.0.1:${port}`);
  let temporal: RunningTemporal | undefined;
  try {
    await until(status, (now) => now === 'expired');
    await until(
      () => waiting(worker),
      ({ length }) => length > 0,
    );
    expect([await hasNews(), worker.isReady()]).toEqual([true, false]);
    // Some more tries.
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    expect(waiting(worker)).toHaveLength(1);

    temporal = await startTemporal({ dataDir: null, port, namespace: 'default', log: () => undefined });
    await until(hasNews, (now) => now === false, 30_000);
    await until(worker.isReady, Boolean);
    expect(await worker.stop()).toBe(0);
  } finally {
    worker.child.kill('SIGKILL');
    await temporal?.stop();
  }
});

test.each(['main', 'batchesMain'] as const)('O4 %s ends at SIGTERM while it waits for Temporal', async (script) => {
  const account = await openAccount(database.pool);
  await credit(database.pool, account, '5.00');
  // One that takes connections and says nothing is waited for longest.
  const silent = createServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  try {
    for (const port of [(silent.address() as AddressInfo).port, await freePort()]) {
      const worker = start(script, `127.0.0.1:${port}`);
      const connected = () =>
        database.pool.query(`select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
          and application_name in ('ballast-worker', 'ballast-batch-worker')`);
      await until(connected, ({ rowCount }) => rowCount! > 0);
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      const toldMs = performance.now();
      expect(await worker.stop()).toBe(0);
      expect(performance.now() - toldMs).toBeLessThan(STOP_MS_MAX);
    }
  } finally {
    silent.close();
  }
});
