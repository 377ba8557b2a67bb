/** Executes the demo's batches in a thread of its own, which takes only what others leave of the processor (L5). */
import { setPriority } from 'node:os';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { startExecutor } from '../examples/batch-executor/executor';

const LOW_PRIORITY = 10;

export type DemoExecutor = { url: string; key: string };

/** The demo's traffic, in the thread that calls this, keeps its priority. The thread ends with its process. */
export const startDemoExecutor = (demo: DemoExecutor): Worker => new Worker(__filename, { workerData: demo });

if (!isMainThread) {
  // Linux counts by thread; elsewhere it would be the whole process, with the traffic.
  if (process.platform === 'linux') setPriority(LOW_PRIORITY);
  startExecutor({ ...(workerData as DemoExecutor), requestsPerMinute: 1_200 });
}
