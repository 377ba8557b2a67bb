/** The worker of the batches' activities: apart from the charges, so that a large job takes none of their room (L5). */
import { Worker, type NativeConnection } from '@temporalio/worker';
import { createBatchActivities } from '../activities/batches';
import type { BatchDependencies } from '../activities/dependencies';
import { BALANCE_TASK_QUEUE, batchTaskQueue } from '../workflows/messages';
import type { Tracing } from '../telemetry/spans';
import { observing } from './observe';

export type BatchWorkerOptions = {
  connection: NativeConnection;
  namespace: string;
  deps: BatchDependencies;
  taskQueue?: string;
  /** @default there are no traces */
  tracing?: Tracing | undefined;
};

/** Each reads or writes a file of up to 200 MB. */
const JOBS_AT_ONCE_MAX = 4;

/** @param options.taskQueue the workflows' */
export const createBatchWorker = ({
  connection,
  namespace,
  deps,
  taskQueue = BALANCE_TASK_QUEUE,
  tracing,
}: BatchWorkerOptions): Promise<Worker> =>
  Worker.create({
    connection,
    namespace,
    taskQueue: batchTaskQueue(taskQueue),
    activities: createBatchActivities(deps),
    ...observing(deps.counts, tracing),
    maxConcurrentActivityTaskExecutions: JOBS_AT_ONCE_MAX,
    shutdownGraceTime: '5s',
  });
