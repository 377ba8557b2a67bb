/** Starts the executor: `BALLAST_URL=… BALLAST_KEY=… node dist/examples/batch-executor/main.js`. */
import { setPriority } from 'node:os';
import { startExecutor } from './executor.js';

/** Batches take what nothing else needs (L5). */
const LOW_PRIORITY = 10;

function required(name: 'BALLAST_URL' | 'BALLAST_KEY'): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} must be set.`);
  return value;
}

setPriority(LOW_PRIORITY);
const executor = startExecutor({
  url: required('BALLAST_URL'),
  key: required('BALLAST_KEY'),
  onError: (error) => console.error(error instanceof Error ? error.message : error),
});
console.log('batch executor ready');
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.once(signal, () => void executor.stop().then(() => process.exit(0)));
