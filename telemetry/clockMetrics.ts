/** How far a process's own clock is off: what it compares with times from outside is the database's (B4). */
import type { Metrics } from './metrics';

/** @param skewMs by how much the database's clock is ahead; null, and no sample, until it was measured */
export function addClockMetrics(metrics: Metrics, clock: { skewMs(): number | null }): void {
  metrics.gauge(
    'ballast_clock_skew_seconds',
    "By how much the database's clock is ahead of this process's.",
    [],
    () => {
      const ms = clock.skewMs();
      return ms === null ? [] : [[{}, ms / 1_000]];
    },
  );
}
