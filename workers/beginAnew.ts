/**
 * Begins an account's workflow anew when its run can't be replayed (O4): that run's tasks would fail for ever, and the account
 * neither reload nor be suspended. What the new one needs is in Postgres, but for usage that was reported to the old run by
 * signal and may not be posted yet: that it is given.
 */
import type { Client, WorkflowHandle } from '@temporalio/client';
import { defaultPayloadConverter, WorkflowNotFoundError, type Payload } from '@temporalio/common';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { POSTED_EVENTS_MAX, toReported } from '../domain/reportedEvents';
import { balanceWorkflowId, reportUsageSignal, type BalanceInput, type ReportedUsage } from '../workflows/messages';
import { START } from '../workflows/startOptions';
import { wakeBalance } from '../workflows/wake';

/** The cause stands among the newest events: whoever does not react is told little. */
const NEWEST_EVENTS = 200;

/**
 * Only one at a time may do it for an account: the second would end what the first has begun. Whoever may be told of usage
 * twice knows it by its id (B3).
 * @returns false, having done nothing, where there is no run or its tasks do not fail for that reason
 */
export async function beginAnewIfNotReplayable(client: Client, accountId: string): Promise<boolean> {
  const workflowId = balanceWorkflowId(accountId);
  const runId = await findOpenRun(client, workflowId);
  if (runId === null || !(await isNotReplayable(client, workflowId, runId))) return false;

  const run = client.workflow.getHandle(workflowId, runId);
  const told = await reportsOf(run);
  const events = told.flatMap((report) => report.events).map(toReported);
  // In one step: a run that is ended first could be followed by one that knows nothing of these.
  await client.workflow.start('balance', {
    workflowId,
    ...START,
    workflowIdConflictPolicy: 'TERMINATE_EXISTING',
    args: [{ accountId, reported: events.slice(0, POSTED_EVENTS_MAX) } satisfies BalanceInput],
  });
  const meanwhile = (await reportsOf(run)).slice(told.length).flatMap((report) => report.events);
  const rest = [...events.slice(POSTED_EVENTS_MAX), ...meanwhile.map(toReported)];
  for (let at = 0; at < rest.length; at += POSTED_EVENTS_MAX)
    await wakeBalance(client, accountId, reportUsageSignal, {
      events: rest.slice(at, at + POSTED_EVENTS_MAX) as ReportedUsage['events'],
    });
  return true;
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

/** What a run was told by signal, and what it was given by the run before. Whether it is usage is for the workflow to check. */
async function reportsOf(run: WorkflowHandle): Promise<ReportedUsage[]> {
  const { events } = await run.fetchHistory();
  return (events ?? []).flatMap(
    ({ workflowExecutionStartedEventAttributes: started, workflowExecutionSignaledEventAttributes: signaled }) => {
      const begun = started && read<BalanceInput>(started.input);
      const given = begun?.carried?.reported ?? begun?.reported;
      if (given) return [{ events: given as ReportedUsage['events'] }];
      const reported = signaled?.signalName === reportUsageSignal.name && read<ReportedUsage>(signaled.input);
      return reported && Array.isArray(reported.events) ? [reported] : [];
    },
  );
}

/** The argument of a message; null for one that nobody can read. */
function read<T>(input: { payloads?: Payload[] | null } | null | undefined): T | null {
  const payload = input?.payloads?.[0];
  try {
    return payload ? defaultPayloadConverter.fromPayload<T>(payload) : null;
  } catch {
    return null;
  }
}
