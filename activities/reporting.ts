/** Usage that was reported to the workflow by signal, posted by the same statement as any other (B3, B4). */
import { Context } from '@temporalio/activity';
import type { AskedFrom, Snapshot } from '../domain/accountState';
import { POSTED_EVENTS_MAX } from '../domain/reportedEvents';
import { postUsage } from '../ledger/usage/postUsage';
import { postApart } from '../usage/postApart';
import { postCounted } from '../usage/postCounted';
import { createPriceBook } from '../usage/priceBook';
import { createUsageReporting } from '../usage/reportUsage';
import type { ActivityCounts, Dependencies } from './dependencies';
import { inSnapshot } from './inSnapshot';
import { readReports } from './readReports';

export function createReportingActivities(
  deps: Pick<Dependencies, 'pool' | 'log' | 'clock' | 'policy'> & { counts?: Pick<ActivityCounts, 'usage'> },
) {
  const { pool, log, clock, counts } = deps;
  const report = createUsageReporting({
    pool,
    prices: createPriceBook(pool, log),
    clock,
    counts: counts?.usage,
    post: (events) =>
      postApart({ events, places: [...events.keys()] }, async (share) => {
        const result = await postCounted(share.events, counts?.usage, () => postUsage(pool, share.events));
        return [{ result, first: 0, places: share.places }];
      }),
  });

  /** Whatever a signal says of the account: a workflow posts for its own. */
  const post = (accountId: string, events: readonly unknown[]) =>
    report(events.map((event) => (typeof event === 'object' && event !== null ? { ...event, accountId } : event)));

  return {
    /** Again after a lost answer it finds duplicates. Whatever is wrong with an event is kept for the admins. */
    async postReportedUsage({ events, ...asked }: AskedFrom & { events: unknown[] }): Promise<Snapshot> {
      await post(asked.accountId, events);
      return inSnapshot(deps, asked);
    },

    /** Of a run that was ended because it could not be replayed: all that it was told, as nobody knows what of it is posted. */
    async postReportsOf({
      accountId,
      ...run
    }: {
      accountId: string;
      workflowId: string;
      runId: string;
    }): Promise<void> {
      const events = await readReports(Context.current().client, run);
      for (let at = 0; at < events.length; at += POSTED_EVENTS_MAX)
        await post(accountId, events.slice(at, at + POSTED_EVENTS_MAX));
    },
  };
}
