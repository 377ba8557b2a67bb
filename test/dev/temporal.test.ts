/** The Temporal dev server when it does not come up. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeProcess, isRunning } from '../../dev/leftovers';
import { startTemporal } from '../../dev/temporal';
import { until } from '../support/notices';

test('one that is not healthy in time, and whose pid is noted nowhere, is ended before another can open the same file', async () => {
  // Without a folder `run` its pid can't be noted, as on a full disk.
  const dataDir = mkdtempSync(join(tmpdir(), 'ballast-temporal-'));
  const lines: string[] = [];
  try {
    const log = (line: string) => void lines.push(line);
    const started = startTemporal({ dataDir, namespace: 'default', readyTimeoutMs: 500, log }).then(
      () => 'healthy',
      (error: Error) => error.message,
    );
    const pidIn = (line: string) => /^process (\d+) runs, which could not be noted/.exec(line)?.[1];
    const told = await until(
      () => lines.find(pidIn),
      (line) => line !== undefined,
    );
    const server = describeProcess(Number(pidIn(told!)));
    process.kill(server.pid, 'SIGSTOP');
    expect(await started).toContain('did not start');
    expect(isRunning(server)).toBe(false);
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
});
