/**
 * Begins an account's workflow anew when its run can't be replayed (O4): that run's tasks would fail for ever, and the account
 * neither reload nor be suspended. What the new one needs is in Postgres, but for usage that was reported to the old run by
 * signal and may not be posted yet: that it reads from the old run's history, as its first step.
 */
import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import type { Pool } from 'pg';
import { transaction } from '../ledger/db';
import { lockWorkflow } from '../ledger/decisions/lockWorkflow';
import { balanceWorkflowId, type BalanceInput } from '../workflows/messages';
import { START } from '../workflows/startOptions';

/** The cause stands among the newest events: whoever does not react is told little. */
const NEWEST_EVENTS = 200;
/** Shorter than Postgres lets a transaction be idle, which waits for Temporal meanwhile. */
const TEMPORAL_MS_MAX = 5_000;

/** @returns false, having done nothing, where there is no run, its tasks do not fail for that reason, or another worker is at it */
export async function beginAnewIfNotReplayable(pool: Pool, client: Client, accountId: string): Promise<boolean> {
  const workflowId = balanceWorkflowId(accountId);
  const runId = await findOpenRun(client, workflowId);
  if (runId === null || !(await isNotReplayable(client, workflowId, runId))) return false;
  const input: BalanceInput = { accountId, replaces: runId };
  // Of two at once the second would end what the first has begun.
  return transaction(pool, async (tx) => {
    if (!(await lockWorkflow(tx, accountId))) return false;
    return client.withDeadline(Date.now() + TEMPORAL_MS_MAX, async () => {
      if ((await findOpenRun(client, workflowId)) !== runId) return false;
      // In one step: else a run could come between that knows nothing of the one before.
      const ending = { workflowIdConflictPolicy: 'TERMINATE_EXISTING' } as const;
      await client.workflow.start('balance', { workflowId, ...START, ...ending, args: [input] });
      return true;
    });
  });
}

async function findOpenRun(client: Client, workflowId: string): Promise<string | null> {
  try {
    const { runId, status } = await client.workflow.getHandle(workflowId).describe();
    return status.name === 'RUNNING' ? runId : null;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}

/** Whether its last task that came to an end failed because its history and the workflow's code do not fit. */
async function isNotReplayable(client: Client, workflowId: string, runId: string): Promise<boolean> {
  const { history } = await client.workflowService.getWorkflowExecutionHistoryReverse({
    namespace: client.options.namespace,
    execution: { workflowId, runId },
    maximumPageSize: NEWEST_EVENTS,
  });
  const ended = history?.events?.find(
    (event) => event.workflowTaskFailedEventAttributes ?? event.workflowTaskCompletedEventAttributes,
  );
  // Written out, causes have names.
  return ended !== undefined && historyToJSON({ events: [ended] }).includes('FAILED_CAUSE_NON_DETERMINISTIC_ERROR');
}
