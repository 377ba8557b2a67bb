/** Usage that was reported to the workflow by signal, posted by the same statement as any other (B3, B4). */
import type { Snapshot } from '../domain/accountState';
import { transaction } from '../ledger/db';
import { postUsage } from '../ledger/postUsage';
import { createPriceBook } from '../ledger/priceBook';
import { readSnapshot } from '../ledger/readSnapshot';
import { createUsageTaking } from '../ledger/takeUsage';
import type { Dependencies } from './dependencies';

export function createReportingActivities({ pool, policy, log }: Dependencies) {
  const take = createUsageTaking({
    pool, prices: createPriceBook(pool, log, Date.now), now: Date.now,
    post: async (events) => [{ result: await postUsage(pool, events), first: 0, places: [...events.keys()] }],
  });

  return {
    /** Again after a lost answer it finds duplicates. Whatever is wrong with an event is kept for the admins. */
    async postReportedUsage({ accountId, events, known }: { accountId: string; events: Record<string, unknown>[]; known?: number }): Promise<Snapshot> {
      // Whatever the signal says of the account: a workflow posts for its own.
      await take(events.map((event) => (typeof event === 'object' && event !== null ? { ...event, accountId } : event)));
      return transaction(pool, (tx) => readSnapshot(tx, accountId, policy, known));
    },
  };
}
