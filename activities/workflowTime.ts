/** The workflow's time while an activity runs. */
import { Context } from '@temporalio/activity';

/**
 * An activity's arguments are those of its first try, and tries go on for as long as something is broken: the time that
 * has passed since is added, by the server's clock between tries and by ours within one.
 * @param nowMs the workflow's time when it asked for the activity
 */
export function workflowTime(nowMs: number): () => number {
  const { scheduledTimestampMs, currentAttemptScheduledTimestampMs } = Context.current().info;
  const waitedMs = Math.max(0, currentAttemptScheduledTimestampMs - scheduledTimestampMs);
  const startedMs = performance.now();
  return () => nowMs + waitedMs + (performance.now() - startedMs);
}
