/** A whole Ballast without its HTTP: Postgres, Temporal, the Stripe simulator, a worker. Tests tell their stories with it. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { NativeConnection, type Worker } from '@temporalio/worker';
import type Stripe from 'stripe';
import { createClock } from '../../ledger/clock';
import type { StripeSimulator } from '../../dev/stripe/server';
import type { Policy } from '../../domain/accountState';
import { findViolations } from '../../ledger/transactions/findViolations';
import { createWebhookSender } from '../../notices/webhookSender';
import { createStripe } from '../../stripe/client';
import { testProvider } from './provider';
import { createFolderStore } from '../../batches/fileStore';
import { startCountingFiles, startErasing } from '../../workers/batchFiles';
import { startStartingBatches } from '../../workers/batchStarts';
import { createBatchWorker } from '../../workers/createBatchWorker';
import { startStartingLimitRequests } from '../../workers/limitRequestStarts';
import { startLookingAtFailedRuns } from '../../workers/failedRuns';
import { startRelay } from '../../workers/relay';
import { createWebhookWorker } from '../../workers/createWebhookWorker';
import { connectionTo } from '../../workflows/startOptions';
import { createWorker } from '../../workers/createWorker';
import { startStartingWebhooks } from '../../workers/webhookStarts';
import { TestAccount, type AccountOptions } from './account';
import { createTestDatabase, type TestDatabase } from './database';
import { testAdmins, testLinks } from './links';
import { dist } from './paths';
import { startTestSimulator } from './simulator';
import { failedRuns, installQuietRuntime } from './temporalRuntime';
import { createTestLog } from './testLog';

installQuietRuntime();

/** Built by `npm test` before jest starts: workflows are bundled once per run. */
const workflowBundle = { codePath: join(dist, 'workflows.bundle.js') };

/** Another server that speaks Stripe's API, to run the tests of payments against; see docs/payments.md. */
const otherStripe = process.env.STRIPE_API_BASE;
export type WorldOptions = {
  /** `skipping`: minutes pass in an instant, in Temporal's test server. `real`: the dev server. */
  time: 'skipping' | 'real';
  policy?: Partial<Policy>;
  relay?: boolean;
  /** Notices go out as webhooks too, to private addresses. */
  webhooks?: boolean;
  /** Limit requests get their workflows. */
  limitRequests?: boolean;
  /** Batch jobs run, and files are counted and removed, in this folder. */
  filesDir?: string;
  /** Of the dev server to use. @default the one of the test run */
  temporalAddress?: string;
  /** How long a call to Stripe may take. @default 3 s */
  stripeTimeoutMs?: number;
  /** The same of the workers alone: short where faults let them wait in vain. @default stripeTimeoutMs */
  workersStripeTimeoutMs?: number;
};
const STRIPE_MS_MAX = 3_000;

export class World {
  private constructor(
    readonly database: TestDatabase,
    readonly simulator: StripeSimulator | null,
    readonly stripe: Stripe,
    readonly client: Client,
    /** Lets workflow time pass: skipped or really waited for. */
    readonly sleep: (ms: number) => Promise<void>,
    /** Workflow time, in epoch milliseconds. */
    readonly now: () => Promise<number>,
    private readonly makeWorkers: () => Promise<Worker[]>,
    private readonly cleanup: (() => unknown)[],
    /** Where files of batches lie; undefined: none run. */
    readonly filesDir: string | undefined,
  ) {}

  private running: { workers: Worker[]; done: Promise<unknown> } | null = null;

  static async start(options: WorldOptions): Promise<World> {
    const database = await createTestDatabase();
    const simulator = otherStripe ? null : await startTestSimulator();
    const stripeWithin = (timeoutMs: number): Stripe =>
      otherStripe
        ? createStripe({ secretKey: process.env.STRIPE_SECRET_KEY ?? 'sk_test_world', apiBase: otherStripe })
        : createStripe({ secretKey: 'sk_test_world', apiBase: simulator!.url, timeoutMs });
    const stripe = stripeWithin(options.stripeTimeoutMs ?? STRIPE_MS_MAX);
    const workersStripe = stripeWithin(options.workersStripeTimeoutMs ?? options.stripeTimeoutMs ?? STRIPE_MS_MAX);
    const temporal = await connect(options);
    const policy: Policy = { trigger: 'at_or_below', retryDelaysMs: [60_000, 300_000], ...options.policy };
    const { log, expectRightStatements } = createTestLog();
    const { pool } = database;
    const on = { connection: temporal.native, namespace: temporal.client.options.namespace };
    const sendWebhook = createWebhookSender({ allowPrivate: true });
    const store = options.filesDir === undefined ? null : createFolderStore(options.filesDir);
    const makeWorkers = () =>
      Promise.all([
        createWorker({
          ...on,
          workflowBundle,
          deps: {
            pool,
            provider: testProvider(workersStripe),
            policy,
            links: testLinks,
            log,
            clock: createClock(),
            admins: testAdmins,
          },
        }),
        ...(options.webhooks ? [createWebhookWorker({ ...on, deps: { pool, log, sendWebhook } })] : []),
        ...(store ? [createBatchWorker({ ...on, deps: { pool, log, store } })] : []),
      ]);
    const relay = options.relay
      ? [
          startRelay({ pool, client: temporal.client, log, tickMs: 200 }),
          startLookingAtFailedRuns({ pool, client: temporal.client, log, failed: failedRuns }),
        ]
      : [];
    const webhooks = options.webhooks
      ? startStartingWebhooks({ pool, client: temporal.client, log, pollMs: 50 })
      : null;
    const limitRequests = options.limitRequests
      ? startStartingLimitRequests({ pool, client: temporal.client, log, pollMs: 50 })
      : null;
    const batchLoops = store
      ? [
          startStartingBatches({ pool, client: temporal.client, log, pollMs: 50 }),
          startCountingFiles({ pool, store, log, pollMs: 20 }),
          startErasing({ pool, store, log, pollMs: 100 }),
        ]
      : [];
    const cleanup = [
      () => Promise.all(batchLoops.map((loop) => loop.stop())),
      () => Promise.all(relay.map((loop) => loop.stop())),
      async () => webhooks?.stop(),
      async () => limitRequests?.stop(),
      () => temporal.close(),
      async () => simulator?.stop(),
      () => database.drop(),
      expectRightStatements,
    ];
    const world = new World(
      database,
      simulator,
      stripe,
      temporal.client,
      temporal.sleep,
      temporal.now,
      makeWorkers,
      cleanup,
      options.filesDir,
    );
    await world.startWorker();
    return world;
  }

  async startWorker(): Promise<void> {
    const workers = await this.makeWorkers();
    this.running = { workers, done: Promise.all(workers.map((worker) => worker.run())) };
  }

  async stopWorker(): Promise<void> {
    if (!this.running) return;
    this.running.workers.forEach((worker) => worker.shutdown());
    await this.running.done;
    this.running = null;
  }

  async close(): Promise<void> {
    await this.stopWorker();
    const violations = await findViolations(this.database.pool);
    for (const step of this.cleanup) await step();
    if (violations.length > 0) throw new Error(`The ledger is not right: ${JSON.stringify(violations)}`);
  }

  /** An account with an owner, as the options say: cards, money, settings. Its workflow runs. */
  async account(options: AccountOptions = {}): Promise<TestAccount> {
    return TestAccount.open(this, options);
  }

  /** Stops the faults that a test has asked for. */
  async clearFaults(): Promise<void> {
    if (this.simulator) await this.simulate('DELETE', '/faults');
  }

  /** Steers the simulator: see docs/stripe-simulator.md. */
  async simulate(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<unknown> {
    if (!this.simulator) throw new Error('This test steers the simulator: with STRIPE_API_BASE it must be left out.');
    const answer = await fetch(`${this.simulator.url}/_sim${path}`, {
      method,
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }
}

type Temporal = {
  client: Client;
  native: NativeConnection;
  sleep: (ms: number) => Promise<void>;
  now: () => Promise<number>;
  close: () => Promise<void>;
};

/** All worlds share a dev server; a namespace of its own keeps one world's workflows from another's, whatever their ids. */
async function connect({ time, temporalAddress }: WorldOptions): Promise<Temporal> {
  if (time === 'skipping') {
    const env = await startTimeSkipping();
    return {
      client: new Client({ connection: env.connection }),
      native: env.nativeConnection,
      sleep: (ms) => env.sleep(ms),
      now: () => env.currentTimeMs(),
      close: () => env.teardown(),
    };
  }
  const address = temporalAddress ?? process.env.TEST_TEMPORAL_ADDRESS!;
  const connection = await Connection.connect(connectionTo(address));
  const native = await NativeConnection.connect({ address });
  const namespace = `test-${randomUUID()}`;
  await connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: msToTs('1 day'),
  });
  return {
    client: new Client({ connection, namespace }),
    native,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    now: async () => Date.now(),
    close: async () => {
      await native.close();
      await connection.close();
    },
  };
}

/** Temporal's SDK gives the server 5 s to come up, which on a busy machine may be too little: then it is started anew. */
async function startTimeSkipping(tries = 3): Promise<TestWorkflowEnvironment> {
  const path = process.env.TEST_TIME_SKIPPING_SERVER!;
  const server = { executable: { type: 'existing-path', path } } as const;
  try {
    return await TestWorkflowEnvironment.createTimeSkipping({ server });
  } catch (error) {
    if (tries === 1) throw error;
    return startTimeSkipping(tries - 1);
  }
}
