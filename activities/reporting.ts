/** Usage that was reported to the workflow by signal, posted by the same statement as any other (B3, B4). */
import type { AskedFrom, Snapshot } from '../domain/accountState';
import { postUsage } from '../ledger/usage/postUsage';
import { postApart } from '../usage/postApart';
import { createPriceBook } from '../usage/priceBook';
import { createUsageReporting } from '../usage/reportUsage';
import type { Dependencies } from './dependencies';
import { inSnapshot } from './inSnapshot';

export function createReportingActivities(deps: Dependencies) {
  const { pool, log, clock } = deps;
  const report = createUsageReporting({
    pool,
    prices: createPriceBook(pool, log, () => performance.now()),
    now: clock.now,
    post: (events) =>
      postApart({ events, places: [...events.keys()] }, async (some) => ({
        result: await postUsage(pool, some),
        first: 0,
      })),
  });

  return {
    /** Again after a lost answer it finds duplicates. Whatever is wrong with an event is kept for the admins. */
    async postReportedUsage({ events, ...asked }: AskedFrom & { events: unknown[] }): Promise<Snapshot> {
      // Whatever the signal says of the account: a workflow posts for its own.
      await report(
        events.map((event) =>
          typeof event === 'object' && event !== null ? { ...event, accountId: asked.accountId } : event,
        ),
      );
      return inSnapshot(deps, asked);
    },
  };
}
