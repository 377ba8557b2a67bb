/** Starts the workflow of a limit request, or finds it running. For clients; not part of the bundle. */
import type { Client } from '@temporalio/client';
import { limitRequestDecidedSignal, limitRequestWorkflowId, type LimitRequestInput } from './messages';
import { START } from './startOptions';

/** @param isDecided tells it so; one that had not begun begins, and ends */
export async function startLimitRequest(client: Client, requestId: string, isDecided: boolean): Promise<void> {
  const input: LimitRequestInput = { requestId };
  const options = { workflowId: limitRequestWorkflowId(requestId), ...START, args: [input] };
  if (isDecided)
    await client.workflow.signalWithStart('limitRequest', {
      ...options,
      signal: limitRequestDecidedSignal,
      signalArgs: [],
    });
  else await client.workflow.start('limitRequest', { ...options, workflowIdConflictPolicy: 'USE_EXISTING' });
}
