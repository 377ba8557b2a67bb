/** What the processes of both builds share: one Postgres, one Temporal, one Stripe simulator. */
import { join } from 'node:path';
import { run } from '../../dev/commands';
import { startDaemon, tailOf, type Daemon } from '../../dev/daemon';
import { freePort } from '../../dev/ports';
import { startPostgres } from '../../dev/postgres';
import { startStripeSimulator } from '../../dev/stripe/server';
import { startTemporal } from '../../dev/temporal';
import type { Build } from './build';

export const ADMIN_KEY = 'admin_key_of_the_upgrade_check';
const STOP_MS_MAX = 20_000;
const MIGRATION_MS_MAX = 6 * 60_000;

export type Running = {
  build: Build;
  url: string;
  /** Resolves when it serves; rejects when it ends instead. */
  ready: Promise<void>;
  isReady(): boolean;
  stop(): Promise<void>;
};

export type Stack = {
  /** As the role that owns the tables. */
  ownerUrl: string;
  migrate(build: Build): Promise<string>;
  startApi(build: Build): Promise<Running>;
  startWorker(build: Build): Promise<Running>;
  stop(): Promise<void>;
};

export async function startStack(folder: string): Promise<Stack> {
  const log = (): void => undefined;
  const postgres = await startPostgres({ dataDir: folder, durable: false, log });
  const temporal = await startTemporal({ dataDir: null, namespace: 'default', log });
  const simulator = await startStripeSimulator({
    host: '127.0.0.1',
    port: 0,
    databaseUrl: postgres.simulatorUrl,
    schema: 'stripe_simulator',
  });
  const env = {
    PATH: process.env.PATH,
    HOST: '127.0.0.1',
    DATABASE_URL: postgres.serviceUrl,
    TEMPORAL_ADDRESS: temporal.address,
    STRIPE_SECRET_KEY: 'sk_test_upgrade',
    STRIPE_API_BASE: simulator.url,
    STRIPE_WEBHOOK_SECRET: 'whsec_upgrade',
    ADMIN_KEY,
    DATA_DIR: folder,
    LOG_LEVEL: 'warn',
  };

  async function start(build: Build, name: 'api' | 'worker', script: string): Promise<Running> {
    const port = await freePort();
    let ready = false;
    const daemon = await startDaemon({
      command: process.execPath,
      args: [join(build.dist, script)],
      env: { ...env, PORT: String(port) },
      logFile: join(folder, 'logs', `${name}-${build.name}-${port}.log`),
      stopSignal: 'SIGTERM',
      stopTimeoutMs: STOP_MS_MAX,
      onReady: () => (ready = true),
    });
    return {
      build,
      url: `http://127.0.0.1:${port}`,
      ready: whenReady(daemon, `the ${name} of ${build.name}`, () => ready),
      isReady: () => ready,
      stop: () => daemon.stop(),
    };
  }

  return {
    ownerUrl: postgres.url,
    async migrate(build) {
      const options = { env: { ...env, MIGRATE_DATABASE_URL: postgres.url }, timeoutMs: MIGRATION_MS_MAX };
      const { code, output } = await run(process.execPath, [join(build.dist, 'workers', 'migrate.js')], options);
      if (code !== 0) throw new Error(`the migration to ${build.name} failed: ${output}`);
      return output;
    },
    startApi: (build) => start(build, 'api', join('api', 'main.js')),
    startWorker: (build) => start(build, 'worker', join('workers', 'main.js')),
    async stop() {
      await simulator.stop();
      await temporal.stop();
      await postgres.stop();
    },
  };
}

async function whenReady(daemon: Daemon, name: string, isReady: () => boolean): Promise<void> {
  while (!isReady()) {
    if (!daemon.isRunning()) throw new Error(`${name} ended:\n${tailOf(daemon)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
