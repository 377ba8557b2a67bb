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

/** @param signal gives the start up when it is aborted. @throws when it does not start; then nothing of it runs */
export async function startBallast(signal?: AbortSignal): Promise<MeasuredBallast> {
  const dataDir = mkdtempSync(join(tmpdir(), 'ballast-bench-'));
  // A folder of its own: `npm start` closes its data directory to all other users, and Postgres may run as another one.
  const postgresDir = mkdtempSync(join(tmpdir(), 'ballast-bench-postgres-'));
  const removeAll = (): void => {
    for (const folder of [dataDir, postgresDir]) rmSync(folder, { recursive: true, force: true });
  };
  const postgres = await startPostgres({ dataDir: postgresDir, durable: true, log: () => undefined }).catch(
    (error: Error) => {
      removeAll();
      throw error;
    },
  );
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
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await exited;
    await postgres.stop();
    removeAll();
  };
  const giveUp = (): void => void child.kill('SIGTERM');
  if (signal?.aborted) giveUp();
  signal?.addEventListener('abort', giveUp, { once: true });
  const ready = new Promise<[string, string]>((resolve, reject) => {
    let apiUrl: string | undefined;
    createInterface({ input: child.stdout }).on('line', (line) => {
      apiUrl ??= /^Ballast is ready at (\S+)/.exec(line)?.[1];
      const temporal = /^ +Temporal +(\S+:\d+)$/.exec(line)?.[1];
      if (apiUrl && temporal) resolve([apiUrl, temporal]);
    });
    void exited.then(() => reject(new Error('Ballast did not start.')));
  });
  const [url, temporalAddress] = await ready.catch(async (error: Error) => {
    await stop();
    throw error;
  });
  signal?.removeEventListener('abort', giveUp);
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
