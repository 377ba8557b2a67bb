/** Starts the workflow of a limit request, or finds it running. For clients; not part of the bundle. */
import type { Client } from '@temporalio/client';
import {
  BALANCE_TASK_QUEUE,
  limitRequestDecidedSignal,
  limitRequestWorkflowId,
  type LimitRequestInput,
} from './messages';

/** @param isDecided tells it so; one that had not begun begins, and ends */
export async function startLimitRequest(client: Client, requestId: string, isDecided: boolean): Promise<void> {
  const input: LimitRequestInput = { requestId };
  const options = { workflowId: limitRequestWorkflowId(requestId), taskQueue: BALANCE_TASK_QUEUE, args: [input] };
  if (isDecided)
    await client.workflow.signalWithStart('limitRequest', {
      ...options,
      signal: limitRequestDecidedSignal,
      signalArgs: [],
    });
  else await client.workflow.start('limitRequest', { ...options, workflowIdConflictPolicy: 'USE_EXISTING' });
}
