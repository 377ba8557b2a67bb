/** A batch job from validating to its end (L4): it does what is next, then waits for news or for a time to pass. */
import { condition, proxyActivities, setHandler, workflowInfo } from '@temporalio/workflow';
import type { BatchActivities } from '../activities/batches';
import { BATCH } from './timeouts';
import { batchChangedSignal, batchTaskQueue, type BatchInput } from './messages';

/** Postgres has the job's state: a workflow that was lost starts again from there. History grows with the job's phases. */
export async function batchJob({ batchId }: BatchInput): Promise<void> {
  const { advanceBatch } = proxyActivities<BatchActivities>({
    ...BATCH,
    taskQueue: batchTaskQueue(workflowInfo().taskQueue),
  });
  let news = false;
  setHandler(batchChangedSignal, () => void (news = true));

  for (;;) {
    news = false;
    const advanced = await advanceBatch({ batchId, nowMs: Date.now() });
    if (advanced.kind === 'ended') return;
    await condition(() => news, Math.max(1, advanced.untilMs - Date.now()));
  }
}
