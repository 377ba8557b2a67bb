/** Programs in processes of their own, as the measurements need them beside a whole Ballast. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { API_NODE_ARGS } from '../dev/processes';

export type Running = { port: number; pid: number; startMs: number; stop(): Promise<void> };

/** One more API on a database. Its Temporal and Stripe are nowhere: gates need neither. */
export const startApi = (
  databaseUrl: string,
  adminKey: string,
  { nodeArgs = [], env = {} }: { nodeArgs?: readonly string[]; env?: NodeJS.ProcessEnv } = {},
): Promise<Running> =>
  start(
    [...API_NODE_ARGS, ...nodeArgs, join(__dirname, '..', 'api', 'main.js')],
    {
      DATABASE_URL: databaseUrl,
      TEMPORAL_ADDRESS: '127.0.0.1:9',
      STRIPE_SECRET_KEY: 'sk_test_none',
      STRIPE_API_BASE: 'http://127.0.0.1:9',
      ADMIN_KEY: adminKey,
      PORT: '0',
      LOG_LEVEL: 'fatal',
      ...env,
    },
    /http:\/\/127\.0\.0\.1:(\d+)/,
  );

/** The least that Express, or Node alone, can answer. @param length with `body`, of the answer */
export const startHello = (kind: 'express' | 'node' | 'body', length = 0): Promise<Running> =>
  start([join(__dirname, 'helloServer.js'), kind, String(length)], {}, /^(\d+)$/);

async function start(args: string[], env: NodeJS.ProcessEnv, readyLine: RegExp): Promise<Running> {
  const startedMs = performance.now();
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env.PATH, NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const end = (): void => void child.kill('SIGTERM');
  process.once('exit', end); // a measurement that is cut short leaves nothing running
  child.once('exit', () => process.off('exit', end));
  const port = await portOf(child, readyLine);
  return {
    port,
    pid: child.pid!,
    startMs: performance.now() - startedMs,
    async stop() {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
}

function portOf(child: ChildProcess, readyLine: RegExp): Promise<number> {
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const ready = readyLine.exec(line);
      if (ready) resolve(Number(ready[1]));
    });
    child.once('exit', (code) =>
      reject(new Error(`A process of the measurement ended at its start (exit code ${code}).`)),
    );
  });
}

/** Resident memory in megabytes. */
export const memoryOf = (pid: number): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;
