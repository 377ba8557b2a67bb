/** What a worker takes to be watched: its activities tell that they are alive, are counted, and belong to traces. */
import type { WorkerOptions } from '@temporalio/worker';
import type { ActivityCounts } from '../activities/dependencies';
import type { Tracing } from '../telemetry/spans';
import { heartbeatActivities, sendEachHeartbeat } from './activityHeartbeats';
import { countActivities } from './countActivities';
import { traceActivities, traceSinks } from './traceWork';

/** Of counts and traces, only what is given. */
export function observing(
  counts: Pick<ActivityCounts, 'ended'> | undefined,
  tracing: Tracing | undefined,
): Pick<WorkerOptions, 'interceptors' | 'sinks' | 'maxHeartbeatThrottleInterval'> {
  const activity = [
    heartbeatActivities,
    ...(tracing ? [traceActivities(tracing)] : []),
    ...(counts ? [countActivities(counts)] : []),
  ];
  return { interceptors: { activity }, sinks: traceSinks(tracing), ...sendEachHeartbeat };
}
