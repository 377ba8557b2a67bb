/** The worker that sends webhooks: apart from the charges, so that endpoints that hang take none of their room. */
import { Worker, type NativeConnection } from '@temporalio/worker';
import type { WebhookDependencies } from '../activities/dependencies';
import { createWebhookActivities } from '../activities/webhooks';
import { BALANCE_TASK_QUEUE, webhookTaskQueue } from '../workflows/messages';
import type { Tracing } from '../telemetry/spans';
import { observing } from './observe';

export type WebhookWorkerOptions = {
  connection: NativeConnection;
  namespace: string;
  deps: WebhookDependencies;
  taskQueue?: string;
  /** @default there are no traces */
  tracing?: Tracing | undefined;
};

const SENDING_AT_ONCE_MAX = 20;

/** @param options.taskQueue the workflows' */
export async function createWebhookWorker({
  connection,
  namespace,
  deps,
  taskQueue = BALANCE_TASK_QUEUE,
  tracing,
}: WebhookWorkerOptions): Promise<Worker> {
  return Worker.create({
    connection,
    namespace,
    taskQueue: webhookTaskQueue(taskQueue),
    activities: createWebhookActivities(deps),
    ...observing(deps.counts, tracing),
    maxConcurrentActivityTaskExecutions: SENDING_AT_ONCE_MAX,
    shutdownGraceTime: '5s',
  });
}
