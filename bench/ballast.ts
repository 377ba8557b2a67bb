/** A whole Ballast for a measurement, as `npm start` brings it up: durable, in a folder of its own, without the demo. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createApi, type Api } from '../dev/apiClient';
import { startPostgres } from '../dev/postgres';

export type MeasuredBallast = {
  url: string;
  databaseUrl: string;
  temporalAddress: string;
  admin: Api;
  adminKey: string;
  dataDir: string;
  /** Of one of its processes as it is now. Throws while there is none. */
  pidOf(name: 'api' | 'worker' | 'batches' | 'batch worker'): number;
  /** Idempotent. */
  stop(): Promise<void>;
};

/** The same for every API process on one database: another one would take its place. */
export const ADMIN_KEY = 'admin_key_of_the_measurements';

export async function startBallast(): Promise<MeasuredBallast> {
  const dataDir = mkdtempSync(join(tmpdir(), 'ballast-bench-'));
  // A folder of its own: `npm start` closes its data directory to all other users, and Postgres may run as another one.
  const postgresDir = mkdtempSync(join(tmpdir(), 'ballast-bench-postgres-'));
  const postgres = await startPostgres({ dataDir: postgresDir, durable: true, log: () => undefined });
  const child = spawn(process.execPath, [join(__dirname, '..', 'dev', 'start.js')], {
    env: {
      ...process.env,
      DATA_DIR: dataDir,
      DATABASE_URL: postgres.url,
      DEMO: '0',
      PORT: '0',
      ADMIN_KEY,
      LOG_LEVEL: 'error',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const [url, temporalAddress] = await new Promise<[string, string]>((resolve, reject) => {
    let ready: string | undefined;
    createInterface({ input: child.stdout }).on('line', (line) => {
      ready ??= /^Ballast is ready at (\S+)/.exec(line)?.[1];
      const temporal = /^ +Temporal +(\S+:\d+)$/.exec(line)?.[1];
      if (ready && temporal) resolve([ready, temporal]);
    });
    void exited.then(() => reject(new Error('Ballast did not start.')));
  });
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await exited;
    await postgres.stop();
    for (const folder of [dataDir, postgresDir]) rmSync(folder, { recursive: true, force: true });
  };
  let stopping: Promise<void> | null = null;
  return {
    url,
    databaseUrl: postgres.url,
    temporalAddress,
    admin: createApi(url, ADMIN_KEY),
    adminKey: ADMIN_KEY,
    dataDir,
    pidOf: (name) => (JSON.parse(readFileSync(join(dataDir, 'run', `${name}.json`), 'utf8')) as { pid: number }).pid,
    stop: () => (stopping ??= stop()),
  };
}
