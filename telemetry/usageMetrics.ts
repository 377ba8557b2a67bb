/** Usage by what became of its events, and what was deducted for it: counted by whoever posts it, an API process or a workflow's activity. */
import { SECONDS, type Metrics } from './metrics';

const COMMIT_EVENTS = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000];
const NANO_PER_USD = 1e9;

export type UsageCounting = {
  reported(report: { accepted: number; duplicates: number; rejected: readonly { code: string }[] }): void;
  committed(events: number, seconds: number, costNano: bigint): void;
  failed(): void;
};

/** @param rejectionCodes all that there are */
export function addUsageMetrics(metrics: Metrics, rejectionCodes: readonly string[]): UsageCounting {
  const events = metrics.counter('ballast_usage_events_total', 'Usage events by what became of them.', [
    'outcome',
    'code',
  ]);
  const commitEvents = metrics.histogram('ballast_usage_commit_events', 'Usage events in one commit.', {
    buckets: COMMIT_EVENTS,
  });
  const commitSeconds = metrics.histogram('ballast_usage_commit_seconds', 'How long a commit of usage took.', {
    buckets: SECONDS,
  });
  const failures = metrics.counter('ballast_usage_commit_failures_total', 'Commits of usage that failed.');
  const deducted = metrics.counter('ballast_usage_deducted_usd_total', 'Dollars deducted for usage.');
  // A counter that first appears with a 1 has not grown, for Prometheus: so each is there from the start.
  for (const outcome of ['accepted', 'duplicate']) events.inc({ outcome, code: '' }, 0);
  for (const code of rejectionCodes) events.inc({ outcome: 'rejected', code }, 0);
  return {
    reported({ accepted, duplicates, rejected }) {
      if (accepted > 0) events.inc({ outcome: 'accepted', code: '' }, accepted);
      if (duplicates > 0) events.inc({ outcome: 'duplicate', code: '' }, duplicates);
      for (const { code } of rejected) events.inc({ outcome: 'rejected', code });
    },
    committed(count, seconds, costNano) {
      commitEvents.observe(count);
      commitSeconds.observe(seconds);
      deducted.inc(Number(costNano) / NANO_PER_USD);
    },
    failed: () => failures.inc(),
  };
}
