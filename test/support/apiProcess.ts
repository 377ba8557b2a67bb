/** One API process as production runs it (`dist/api/main.js`), with its lines. */
import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '../../dev/ports';
import { dist } from './paths';

/** Compiled by `npm test` before the tests run. */
export const apiProgram = join(dist, 'api', 'main.js');

export type ApiProcess = { child: ChildProcess; url: string; lines: string[]; stop(): Promise<void> };

/** @param env DATABASE_URL at least. @param stdio where its output goes, when it is not to be read */
export async function startApiProcess(env: NodeJS.ProcessEnv, stdio?: StdioOptions): Promise<ApiProcess> {
  const port = await freePort();
  const child = spawn(process.execPath, [apiProgram], {
    env: {
      PATH: process.env.PATH,
      PORT: String(port),
      TEMPORAL_ADDRESS: process.env.TEST_TEMPORAL_ADDRESS,
      STRIPE_SECRET_KEY: 'sk_test_none',
      STRIPE_API_BASE: 'http://127.0.0.1:9',
      LOG_LEVEL: 'silent',
      ...env,
    },
    stdio: stdio ?? ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  if (!stdio)
    for (const stream of [child.stdout!, child.stderr!])
      createInterface({ input: stream }).on('line', (line) => lines.push(line));
  const url = `http://127.0.0.1:${port}`;
  for (const deadline = Date.now() + 60_000; ;) {
    if (await fetch(`${url}/healthz`).catch(() => null)) break;
    if (child.exitCode !== null || Date.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error(`The API did not start: ${lines.join('\n')}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    await gone;
  };
  return { child, url, lines, stop };
}
