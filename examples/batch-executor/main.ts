/** Starts the executor: `BALLAST_URL=… BALLAST_KEY=… [BALLAST_MODEL=…] node dist/examples/batch-executor/main.js`. */
import { readdirSync } from 'node:fs';
import { setPriority } from 'node:os';
import { startExecutor } from './executor.js';

/** Batches take what nothing else needs (L5). */
const LOW_PRIORITY = 10;

/** Linux counts by thread, and Node has started some already; elsewhere the process's own priority is all there is. */
function takeLowPriority(): void {
  setPriority(LOW_PRIORITY);
  if (process.platform !== 'linux') return;
  for (const thread of readdirSync('/proc/self/task')) {
    try {
      setPriority(Number(thread), LOW_PRIORITY);
    } catch {
      // It has ended meanwhile.
    }
  }
}

function required(name: 'BALLAST_URL' | 'BALLAST_KEY'): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} must be set.`);
  return value;
}

takeLowPriority();
const executor = startExecutor({
  url: required('BALLAST_URL'),
  key: required('BALLAST_KEY'),
  model: process.env.BALLAST_MODEL || undefined,
  onError: (error) => console.error(error instanceof Error ? error.message : error),
});
console.log('batch executor ready');
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.once(signal, () => void executor.stop().then(() => process.exit(0)));
