/** Counts activities from outside: how long each took, and whether it failed. */
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import type { ActivityCounts } from '../activities/dependencies';

export const countActivities =
  (counts: Pick<ActivityCounts, 'ended'>): ActivityInterceptorsFactory =>
  ({ info }) => ({
    inbound: {
      async execute(input, next) {
        const startedMs = performance.now();
        const note = (outcome: 'done' | 'failed'): void =>
          counts.ended(info.activityType, outcome, (performance.now() - startedMs) / 1_000);
        try {
          const result = await next(input);
          note('done');
          return result;
        } catch (error) {
          note('failed');
          throw error;
        }
      },
    },
  });
