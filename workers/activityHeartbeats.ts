/** Every activity tells Temporal that its worker is alive: when the worker dies, another begins it again within seconds, not after its timeout (O4). */
import type { ActivityInterceptorsFactory, WorkerOptions } from '@temporalio/worker';
import { HEARTBEAT_EVERY_MS } from '../workflows/timeouts';

export const heartbeatActivities: ActivityInterceptorsFactory = (context) => ({
  inbound: {
    async execute(input, next) {
      const timer = setInterval(() => context.heartbeat(), HEARTBEAT_EVERY_MS);
      try {
        return await next(input);
      } finally {
        clearInterval(timer);
      }
    },
  },
});

/** Sends each of them: by itself the SDK keeps them back for four fifths of the timeout, which leaves a busy machine little. */
export const sendEachHeartbeat: Pick<WorkerOptions, 'maxHeartbeatThrottleInterval'> = {
  maxHeartbeatThrottleInterval: HEARTBEAT_EVERY_MS,
};
