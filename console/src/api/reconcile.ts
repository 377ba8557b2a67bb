/** Reconciliation: a run on demand, and the reports of the last ones. */
import { queryOptions } from '@tanstack/react-query';
import { api, data, type Schemas } from './client';
import type { paths } from './schema';

export type ReconcileReport = Schemas['ReconcileReport'];

export const reportsQuery = queryOptions({
  queryKey: ['reconcile'],
  queryFn: () => data(api.GET('/v1/reconcile')),
});
export type Reports = paths['/v1/reconcile']['get']['responses'][200]['content']['application/json'];

/** One that takes longer than an answer may is joined by asking again. */
export async function reconcile(): Promise<ReconcileReport> {
  for (;;) {
    const answer = await data(api.POST('/v1/reconcile'));
    if (!('status' in answer)) return answer;
  }
}
