/** What this process needs and can't reach now. */
import { within } from './http/within';
import type { Uses } from './services';
import { withDeadline } from './signals/withDeadline';

export const DEPENDENCIES = ['database', 'temporal', 'payments', 'storage'] as const;
export type Dependency = (typeof DEPENDENCIES)[number];

/** A probe that takes longer has failed. */
const PROBE_MS_MAX = 2_000;

export async function checkReadiness({
  pool,
  temporal,
  provider,
  files,
}: Uses<'pool' | 'temporal' | 'provider' | 'files'>): Promise<Dependency[]> {
  const probes: Record<Dependency, () => Promise<unknown>> = {
    database: () => pool.query('select 1'),
    temporal: () => withDeadline(temporal, PROBE_MS_MAX, () => temporal.workflowService.getSystemInfo({})),
    payments: () => provider.reach(PROBE_MS_MAX),
    storage: () => files.check(),
  };
  const reached = await Promise.all(
    DEPENDENCIES.map((name) =>
      within(PROBE_MS_MAX, probes[name](), () => new Error('late')).then(
        () => true,
        () => false,
      ),
    ),
  );
  return DEPENDENCIES.filter((_, index) => !reached[index]);
}

/** A process that hands files on to another one serves gates and usage without them: their folder keeps it from nothing (L5). */
export const isReady = (missing: readonly Dependency[], { servesFiles }: Uses<'servesFiles'>): boolean =>
  missing.every((name) => name === 'storage' && !servesFiles);
