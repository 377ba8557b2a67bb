/** A whole Ballast for a measurement, as `npm start` brings it up: durable, in a folder of its own, without the demo. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createApi, type Api } from '../dev/apiClient';

export type MeasuredBallast = { url: string; admin: Api; stop(): Promise<void> };

const ADMIN_KEY = 'admin_key_of_the_measurements';

export async function startBallast(): Promise<MeasuredBallast> {
  const dataDir = mkdtempSync(join(tmpdir(), 'ballast-bench-'));
  const child = spawn(process.execPath, [join(__dirname, '..', 'dev', 'start.js')], {
    env: { ...process.env, DATA_DIR: dataDir, DEMO: '0', PORT: '0', ADMIN_KEY, LOG_LEVEL: 'error' }, stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const ready = /^Ballast is ready at (\S+)/.exec(line);
      if (ready) resolve(ready[1]!);
    });
    void exited.then(() => reject(new Error('Ballast did not start.')));
  });
  return {
    url,
    admin: createApi(url, ADMIN_KEY),
    async stop() {
      child.kill('SIGTERM');
      await exited;
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
