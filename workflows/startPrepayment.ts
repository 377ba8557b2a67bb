/** Starts the workflow of a prepayment, or finds it running. For clients; not part of the bundle. */
import { createHash } from 'node:crypto';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { prepaymentWorkflowId, type PrepaymentInput, type PrepaymentResult } from './messages';
import { START } from './startOptions';

/** @param idempotencyKey the caller's; the workflow's id carries its hash, so that one key is one workflow */
export async function startPrepayment(
  client: Client,
  input: PrepaymentInput,
  idempotencyKey: string,
): Promise<WorkflowHandle<() => Promise<PrepaymentResult>>> {
  const keyHash = createHash('sha256').update(idempotencyKey).digest('hex');
  return client.workflow.start<() => Promise<PrepaymentResult>>('prepayment', {
    workflowId: prepaymentWorkflowId(input.accountId, keyHash),
    ...START,
    args: [input] as never,
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
  });
}
