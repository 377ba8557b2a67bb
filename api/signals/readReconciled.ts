/** Reads what the last reconciliations have reported, from Temporal. */
import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { ReconcileReport } from '../../domain/reconciliation';
import { RECONCILE_NOW_ID } from '../../workflows/messages';

export type Reconciled = { asked: ReconcileReport | null; scheduled: ReconcileReport | null };

/** Null where none has ended well, or Temporal has forgotten it. One that has just ended may not be listed for a moment. */
export async function readReconciled(client: Client): Promise<Reconciled> {
  const [asked, scheduled] = await Promise.all([readLast(client, '='), readLast(client, '!=')]);
  return { asked, scheduled };
}

/** Runs that are asked for have one id; each on the schedule has its own. */
async function readLast(client: Client, isAsked: '=' | '!='): Promise<ReconcileReport | null> {
  const query = `WorkflowType = 'reconcile' AND ExecutionStatus = 'Completed' AND WorkflowId ${isAsked} '${RECONCILE_NOW_ID}'`;
  // Temporal lists the newest first.
  for await (const { workflowId, runId } of client.workflow.list({ query, pageSize: 1 })) {
    const run = client.workflow.getHandle<() => Promise<ReconcileReport>>(workflowId, runId, { followRuns: false });
    return run.result().catch((error: unknown) => {
      if (error instanceof WorkflowNotFoundError) return null;
      throw error;
    });
  }
  return null;
}
