/** How the connections of Postgres pools stand: all processes have some. */
import type { Metrics, Sample } from './metrics';

/** What of a pg pool is read. */
export type CountedPool = { totalCount: number; idleCount: number; waitingCount: number };

/** @param pools by name */
export function addPoolMetrics(metrics: Metrics, pools: Record<string, CountedPool>): void {
  metrics.gauge(
    'ballast_postgres_connections',
    'Connections to Postgres by pool: busy, idle, and requests that wait for one.',
    ['pool', 'state'],
    () =>
      Object.entries(pools).flatMap(([pool, { totalCount, idleCount, waitingCount }]): Sample[] => [
        [{ pool, state: 'busy' }, totalCount - idleCount],
        [{ pool, state: 'idle' }, idleCount],
        [{ pool, state: 'waiting' }, waitingCount],
      ]),
  );
}
