/** What this process needs and can't reach now. */
import { within } from './http/within';
import type { Uses } from './services';
import { withDeadline } from './signals/withDeadline';

export type Dependency = 'database' | 'temporal' | 'payments';

/** A probe that takes longer has failed. */
const PROBE_MS_MAX = 2_000;

export async function checkReadiness({
  pool,
  temporal,
  provider,
}: Uses<'pool' | 'temporal' | 'provider'>): Promise<Dependency[]> {
  const probes: Record<Dependency, () => Promise<unknown>> = {
    database: () => pool.query('select 1'),
    temporal: () => withDeadline(temporal, PROBE_MS_MAX, () => temporal.workflowService.getSystemInfo({})),
    payments: () => provider.reach(PROBE_MS_MAX),
  };
  const names = Object.keys(probes) as Dependency[];
  const reached = await Promise.all(
    names.map((name) =>
      within(PROBE_MS_MAX, probes[name](), () => new Error('late')).then(
        () => true,
        () => false,
      ),
    ),
  );
  return names.filter((_, index) => !reached[index]);
}
