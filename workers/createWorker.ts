/** The worker of the balance task queue, composed from what it works with. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  Worker,
  type NativeConnection,
  type WorkerOptions as SdkOptions,
  type WorkflowBundleOption,
} from '@temporalio/worker';
import { createActivities } from '../activities';
import type { Dependencies } from '../activities/dependencies';
import { BALANCE_TASK_QUEUE } from '../workflows/messages';
import type { Tracing } from '../telemetry/spans';
import { STICKY_TASK_TIMEOUT } from '../workflows/timeouts';
import { observing } from './observe';

/** Made by the build; without it (tests, sources) the workflows are bundled when the worker starts. */
const BUNDLE = join(__dirname, '..', 'workflows.bundle.js');

/** Part of a bundle already. */
const CARRY_TRACE = require.resolve('../workflows/carryTrace');

export type WorkerOptions = {
  connection: NativeConnection;
  namespace: string;
  deps: Dependencies;
  workflowBundle?: WorkflowBundleOption;
  taskQueue?: string;
  /** @default there are no traces */
  tracing?: Tracing | undefined;
  /** Which release this is: an operator says which one carries workflows on. @default none: any worker does */
  buildId?: string | undefined;
};

/**
 * Workflows kept in memory between their tasks; one beyond it is replayed from its history when it wakes. By measurement:
 * each takes about a fifth of a megabyte, most of it in Temporal's core, and a replay milliseconds (docs/performance.md).
 */
export const CACHED_WORKFLOWS_MAX = 300;

/** Of two releases side by side only the current one is given workflows; a run goes on with the next when that is made current. */
export const versionedBy = (buildId: string | undefined, deploymentName: string): Partial<SdkOptions> =>
  buildId === undefined
    ? {}
    : {
        workerDeploymentOptions: {
          version: { deploymentName, buildId },
          useWorkerVersioning: true,
          defaultVersioningBehavior: 'AUTO_UPGRADE',
        },
      };

export async function createWorker({
  connection,
  namespace,
  deps,
  workflowBundle,
  taskQueue = BALANCE_TASK_QUEUE,
  buildId,
  tracing,
}: WorkerOptions): Promise<Worker> {
  const workflows = workflowBundle
    ? { workflowBundle }
    : existsSync(BUNDLE)
      ? { workflowBundle: { codePath: BUNDLE } }
      : { workflowsPath: require.resolve('../workflows') };
  const { interceptors, ...observed } = observing(deps.counts, tracing);
  return Worker.create({
    connection,
    namespace,
    taskQueue,
    ...workflows,
    ...versionedBy(buildId, taskQueue),
    activities: createActivities(deps),
    interceptors: { ...interceptors, ...('workflowsPath' in workflows && { workflowModules: [CARRY_TRACE] }) },
    ...observed,
    maxCachedWorkflows: CACHED_WORKFLOWS_MAX,
    stickyQueueScheduleToStartTimeout: STICKY_TASK_TIMEOUT,
    shutdownGraceTime: '5s',
  });
}
