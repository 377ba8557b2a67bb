/** Starts reconciliation: now, or on its schedule. For clients; not part of the bundle. */
import { ScheduleAlreadyRunning, ScheduleOverlapPolicy, type Client, type WorkflowHandle } from '@temporalio/client';
import type { ReconcileReport } from '../domain/reconciliation';
import { RECONCILE_NOW_ID, RECONCILE_SCHEDULE_ID, type ReconcileInput } from './messages';
import { START } from './startOptions';

const EVERY = '10 minutes';

/** Starts a run with a check of the whole ledger, or joins the one that was asked for and is not done. */
export async function startReconcile(client: Client): Promise<WorkflowHandle<() => Promise<ReconcileReport>>> {
  const input: ReconcileInput = { check: true };
  return client.workflow.start<() => Promise<ReconcileReport>>('reconcile', {
    workflowId: RECONCILE_NOW_ID,
    ...START,
    args: [input] as never,
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
  });
}

/** Makes the schedule unless it is there; what operators have changed of it stays. */
export async function scheduleReconcile(client: Client): Promise<void> {
  const input: ReconcileInput = { check: false };
  try {
    await client.schedule.create({
      scheduleId: RECONCILE_SCHEDULE_ID,
      spec: { intervals: [{ every: EVERY }] },
      policies: { overlap: ScheduleOverlapPolicy.SKIP },
      action: {
        type: 'startWorkflow',
        workflowType: 'reconcile',
        workflowId: 'reconcile/scheduled',
        ...START,
        args: [input],
      },
    });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
}
