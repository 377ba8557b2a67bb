/** What a worker takes to be watched: its activities are counted, and belong to traces. */
import type { WorkerOptions } from '@temporalio/worker';
import type { ActivityCounts } from '../activities/dependencies';
import type { Tracing } from '../telemetry/spans';
import { countActivities } from './countActivities';
import { traceActivities, traceSinks } from './traceWork';

/** Of both, only what is given. */
export function observing(
  counts: Pick<ActivityCounts, 'ended'> | undefined,
  tracing: Tracing | undefined,
): Pick<WorkerOptions, 'interceptors' | 'sinks'> {
  const activity = [...(tracing ? [traceActivities(tracing)] : []), ...(counts ? [countActivities(counts)] : [])];
  return { interceptors: { activity }, sinks: traceSinks(tracing) };
}
