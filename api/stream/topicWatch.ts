/**
 * Finds out which lists of the watched accounts have grown or changed, each account's once a second (C3). They are looked
 * at in slices: a look at all of them at once would keep Postgres from what gates and usage ask in that moment.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Pool } from 'pg';
import { readAuditTopics } from '../../ledger/accounts/readAuditTopics';
import { readTopicMarks, TOPICS, type TopicMarks } from '../../ledger/accounts/readTopicMarks';
import { noAnswer } from '../http/pulse';
import { within } from '../http/within';

export type TopicWatch = {
  /** Looks at those that are new, which are only noted, and at the next slice. Failures are left to the next round. */
  lookOn(): void;
  /** When the look under way has ended. */
  idle(): Promise<void>;
};

/** How often `lookOn` is to be called; after so many calls each account was looked at. */
export const TOPICS_LOOK_MS = 100;
const SLICES = 10;

const LOOK_MS_MAX = 2_000;

type Told = {
  /** The accounts that are watched now. `isWatching`: it was told that each change from here on is told. */
  watched: ReadonlyMap<string, { isWatching: boolean }>;
  /** How far the lists of this account go is known: from here on each change of them is told. */
  onWatching: (accountId: string) => void;
  onChanged: (accountId: string, topics: string[]) => void;
};

export function createTopicWatch(pool: Pool, { watched, onWatching, onChanged }: Told): TopicWatch {
  const known = new Map<string, TopicMarks>();
  let round: string[] = [];
  let looking: Promise<void> | null = null;

  async function look(accountIds: readonly string[]): Promise<void> {
    const marks = await within(LOOK_MS_MAX, readTopicMarks(pool, accountIds), noAnswer);
    for (const [accountId, now] of marks) {
      const then = known.get(accountId);
      known.set(accountId, now);
      onWatching(accountId);
      if (!then) continue;
      const topics: string[] = TOPICS.filter((topic) => now[topic] !== then[topic]);
      // Usage has no mark of its own: each posting of it adds a line, so a new line may mean new usage.
      if (topics.includes('transactions')) topics.push('usage');
      // How a charge ends is shown with its method.
      if (topics.includes('reloads') || topics.includes('prepayments')) topics.push('payment_methods');
      // A batch that ends has files of its own.
      if (topics.includes('batches')) topics.push('files');
      // Where the log can't be read now, its own list is still told of.
      if (now.audit !== then.audit) topics.push('audit', ...(await auditTopics(accountId, then.audit).catch(() => [])));
      if (topics.length === 0) continue;
      onChanged(accountId, [...new Set(topics)]);
      await nextTurn();
    }
  }

  const auditTopics = (accountId: string, sinceId: number): Promise<string[]> =>
    within(LOOK_MS_MAX, readAuditTopics(pool, accountId, sinceId), noAnswer);

  /** Of those that nobody watches any more nothing is kept. */
  function nextSlice(): string[] {
    for (const id of known.keys()) if (!watched.has(id)) known.delete(id);
    round = round.filter((id) => watched.has(id));
    if (round.length === 0) round = [...watched.keys()];
    const slice = new Set(round.splice(0, Math.ceil(watched.size / SLICES)));
    for (const [id, { isWatching }] of watched) if (!isWatching) slice.add(id);
    return [...slice];
  }

  return {
    lookOn() {
      if (looking) return;
      const accountIds = nextSlice();
      if (accountIds.length === 0) return;
      looking = look(accountIds)
        .catch(() => {})
        .finally(() => (looking = null));
    },
    idle: async () => void (await looking),
  };
}
