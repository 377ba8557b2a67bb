/** Reads from the history of an account's run the usage that was reported to it by signal. */
import type { Client } from '@temporalio/client';
import { tsToMs } from '@temporalio/common/lib/time';
import { defaultPayloadConverter, WorkflowNotFoundError, type Payload } from '@temporalio/common';
import type { AccountState } from '../domain/accountState';
import { toReported } from '../domain/reportedEvents';

type Run = { workflowId: string; runId: string };
/** What saved histories know by these names (workflows/messages.ts). */
type Input = { carried?: AccountState; replaces?: string } | null;
type Report = { events?: unknown } | null;

/**
 * With what the run was given by the one before it, and what a run was told that it replaced itself. Whether it is usage is
 * not looked at. Nothing where Temporal knows the run no more.
 */
export async function readReports(client: Client, { workflowId, runId }: Run): Promise<unknown[]> {
  const { events } = await client.workflow
    .getHandle(workflowId, runId)
    .fetchHistory()
    .catch((error: unknown) => {
      if (error instanceof WorkflowNotFoundError) return { events: [] };
      throw error;
    });
  const reports: unknown[] = [];
  for (const event of events ?? []) {
    const { workflowExecutionStartedEventAttributes: started, workflowExecutionSignaledEventAttributes: told } = event;
    const input = started ? (read(started.input) as Input) : null;
    // One by one: so many that no call takes them as its arguments.
    if (input?.replaces)
      for (const earlier of await readReports(client, { workflowId, runId: input.replaces })) reports.push(earlier);
    if (input?.carried?.reported) reports.push(...input.carried.reported.map(toldAt(event.eventTime)));
    const report = told?.signalName === 'reportUsage' ? (read(told.input) as Report) : null;
    if (Array.isArray(report?.events))
      reports.push(...(report.events as unknown[]).map(toReported).map(toldAt(event.eventTime)));
  }
  return reports;
}

/**
 * An event without a time is of the time when it was told, at the latest. Taken as of today, one that was posted long ago and
 * is in the archive by now would be charged again; so it is `at_out_of_range`, as any other that comes so late (B8).
 */
const toldAt = (time: Parameters<typeof tsToMs>[0]): ((event: unknown) => unknown) => {
  const at = new Date(tsToMs(time)).toISOString();
  return (event) =>
    typeof event === 'object' && event !== null ? { ...event, at: (event as { at?: unknown }).at ?? at } : event;
};

/** The argument of a message; null for one that nobody can read. */
function read(input: { payloads?: Payload[] | null } | null | undefined): unknown {
  const payload = input?.payloads?.[0];
  try {
    return payload ? defaultPayloadConverter.fromPayload(payload) : null;
  } catch {
    return null;
  }
}
