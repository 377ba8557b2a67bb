/** Starts the workflow of a batch job, or finds it running. For clients; not part of the bundle. */
import type { Client } from '@temporalio/client';
import { batchChangedSignal, batchWorkflowId, type BatchInput } from './messages';
import { START } from './startOptions';

/** @param changed tells it that something has changed, which it must read again */
export async function startBatch(client: Client, batchId: string, changed: boolean): Promise<void> {
  const input: BatchInput = { batchId };
  const options = { workflowId: batchWorkflowId(batchId), ...START, args: [input] };
  if (changed)
    await client.workflow.signalWithStart('batchJob', { ...options, signal: batchChangedSignal, signalArgs: [] });
  else await client.workflow.start('batchJob', { ...options, workflowIdConflictPolicy: 'USE_EXISTING' });
}
