/**
 * Looks for runs of accounts whose task failed because its history and the code do not fit (O4). Temporal's core tells it in
 * its log only. Such a run may have been told of usage by signal, of which Postgres knows nothing: so the relay would not see
 * that it does not react. It is told here that there is news, looks at the run, and begins it anew.
 */
import type { Client } from '@temporalio/client';
import type { LogEntry } from '@temporalio/worker';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { raiseNews } from '../ledger/accounts/raiseNews';
import { transaction } from '../ledger/db';
import { accountOfWorkflow } from '../workflows/messages';
import { repeat, type Repeating } from './repeat';

const LOOK_MS = 1_000;
/** What is more comes again: Temporal tries each task again and again. */
const RUNS_MAX = 1_000;
const RUNS_PER_LOOK = 20;

/** Longer than Postgres or Temporal is usually away. */
const LOOKS_MAX = 60;

/** Ids of runs that failed so, until they are looked at, and how often that was tried. */
export class FailedRuns {
  readonly looks = new Map<string, number>();

  /** @param entry any line of Temporal's core */
  hear({ message, meta }: Pick<LogEntry, 'message' | 'meta'>): void {
    const { runId, failure } = (meta ?? {}) as { runId?: unknown; failure?: unknown };
    if (message !== 'Failing workflow task' || !String(failure).includes('force_cause: NonDeterministicError')) return;
    if (typeof runId === 'string' && !this.looks.has(runId) && this.looks.size < RUNS_MAX) this.looks.set(runId, 0);
  }
}

export function startLookingAtFailedRuns({
  pool,
  client,
  log,
  failed,
}: {
  pool: Pool;
  client: Client;
  log: Logger;
  failed: FailedRuns;
}): Repeating {
  const look = async ([runId, before]: [string, number]): Promise<void> => {
    failed.looks.set(runId, before + 1);
    if (before === LOOKS_MAX) failed.looks.delete(runId);
    // A run is listed soon after it has begun; until then it comes again as well.
    for await (const { workflowId } of client.workflow.list({ query: `RunId = '${runId}'`, pageSize: 1 })) {
      const account = accountOfWorkflow(workflowId);
      if (account === null) log.error({ workflow: workflowId }, 'a workflow can not be replayed');
      else await transaction(pool, (tx) => raiseNews(tx, account));
    }
    failed.looks.delete(runId);
  };
  const tick = async (): Promise<void> => {
    const looked = await Promise.allSettled([...failed.looks].slice(0, RUNS_PER_LOOK).map(look));
    const trouble = looked.find(({ status }) => status === 'rejected') as PromiseRejectedResult | undefined;
    if (trouble) throw trouble.reason;
  };
  return repeat(tick, LOOK_MS, (error) =>
    log.warn({ error: error.message }, 'failed runs could not be looked at; it is tried again'),
  );
}
