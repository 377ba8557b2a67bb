/** For how long batches wait, so that gates and usage need not. */
import type { Metrics } from './metrics';

/** @returns takes note of a wait, in milliseconds */
export function addPaceMetrics(metrics: Metrics): (ms: number) => void {
  const seconds = metrics.counter(
    'ballast_batches_waited_seconds_total',
    'Seconds for which batches waited while gates and usage were asked.',
  );
  return (ms) => seconds.inc(ms / 1_000);
}
