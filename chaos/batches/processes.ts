/** The processes that the campaign kills and freezes: Ballast's own, and executors and a second worker beside them. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { MeasuredBallast } from '../../bench/ballast';

export type Victim = {
  name: string;
  /** Long enough for its leases, its heartbeats or its callers' patience to run out. */
  freezeMs: [number, number];
  /** Of the process as it is now; undefined while there is none. */
  pid(): number | undefined;
};

export type Kept = Victim & { stop(): Promise<void> };

const LEASES_MS: [number, number] = [11_000, 15_000];
const HEARTBEATS_MS: [number, number] = [16_000, 20_000];
const PATIENCE_MS: [number, number] = [2_000, 5_000];

/** Started again whenever it ends, until it is stopped. */
function keep(name: string, freezeMs: Kept['freezeMs'], script: string, env: () => NodeJS.ProcessEnv): Kept {
  let stopped = false;
  let child: ChildProcess;
  const start = (): void => {
    child = spawn(process.execPath, [join(__dirname, '..', '..', script)], {
      env: { PATH: process.env.PATH, ...env() },
      stdio: 'ignore',
    });
    child.once('exit', () => !stopped && start());
  };
  start();
  const end = (): void => void child.kill('SIGKILL');
  process.once('exit', end);
  return {
    name,
    freezeMs,
    pid: () => child.pid,
    async stop() {
      stopped = true;
      process.off('exit', end);
      const gone = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : null;
      child.kill('SIGKILL');
      await gone;
    },
  };
}

/** @param serviceKey a key of role `service`, for the executors */
export function startExecutors(
  ballast: Pick<MeasuredBallast, 'url'>,
  serviceKey: string,
  count: number,
  seed: number,
): Kept[] {
  return Array.from({ length: count }, (_, nth) => {
    let starts = 0;
    return keep(`executor ${nth + 1}`, LEASES_MS, 'chaos/batches/executor.js', () => ({
      BALLAST_URL: ballast.url,
      BALLAST_KEY: serviceKey,
      SEED: String(seed + 1_000 * nth + starts++),
    }));
  });
}

/** While one is frozen the other takes up what it was at. */
export const startSecondWorker = (ballast: MeasuredBallast): Kept =>
  keep('second batch worker', HEARTBEATS_MS, 'workers/batchesMain.js', () => ({
    DATABASE_URL: ballast.databaseUrl,
    TEMPORAL_ADDRESS: ballast.temporalAddress,
    DATA_DIR: ballast.dataDir,
    LOG_LEVEL: 'fatal',
  }));

/** Those that `npm start` keeps running. */
export const ballastProcesses = (ballast: MeasuredBallast): Victim[] =>
  (
    [
      ['batch worker', HEARTBEATS_MS],
      ['worker', HEARTBEATS_MS],
      ['batches', PATIENCE_MS],
      ['api', PATIENCE_MS],
    ] as const
  ).map(([name, freezeMs]) => ({
    name,
    freezeMs,
    pid() {
      try {
        return ballast.pidOf(name);
      } catch {
        return undefined; // it is being started again
      }
    },
  }));
