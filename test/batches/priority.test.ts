/** L5: what works for batches takes what others leave of the processor, by every thread: Linux counts by thread. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { join } from 'node:path';
import { startDemoExecutor } from '../../dev/demoExecutor';
import { until } from '../support/notices';

let child: ChildProcess | undefined;
afterEach(async () => {
  if (!child) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
  child = undefined;
});

/** Of each thread of a process, those that collect garbage and compile among them: how nice it is (proc(5), field 19). */
const nicenessOf = (pid: number): number[] =>
  readdirSync(`/proc/${pid}/task`).map((thread) => {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]);
  });

(process.platform === 'linux' ? test : test.skip)(
  'L5 the example executor runs at low priority, by all of its threads',
  async () => {
    child = spawn(process.execPath, [join(__dirname, '..', '..', 'dist', 'examples', 'batch-executor', 'main.js')], {
      // It has nobody to ask, and goes on asking.
      env: { PATH: process.env.PATH, BALLAST_URL: 'http://127.0.0.1:9', BALLAST_KEY: 'none' },
      stdio: 'ignore',
    });
    const all = await until(
      () => nicenessOf(child!.pid!),
      (nice) => nice.length > 1 && nice.every((one) => one >= 10),
    );
    expect(all.length).toBeGreaterThan(5);
  },
);

(process.platform === 'linux' ? test : test.skip)(
  'L5 the demo executes its batches in a thread of low priority, and its traffic keeps the usual one',
  async () => {
    const atLow = (): number => nicenessOf(process.pid).filter((nice) => nice >= 10).length;
    const [before, usual] = [atLow(), getPriority()];
    const executor = startDemoExecutor({ url: 'http://127.0.0.1:9', key: 'none' });
    try {
      await until(atLow, (count) => count > before);
      expect(getPriority()).toBe(usual);
    } finally {
      await executor.terminate();
    }
  },
);
