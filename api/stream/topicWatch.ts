/** Finds out, once a second for all watched accounts together, which of their lists have grown or changed (C3). */
import type { Pool } from 'pg';
import { readAuditTopics } from '../../ledger/accounts/readAuditTopics';
import { readTopicMarks, TOPICS, type TopicMarks } from '../../ledger/accounts/readTopicMarks';
import { noAnswer } from '../http/pulse';
import { within } from '../http/within';

export type TopicWatch = {
  /** Looks at these accounts and forgets all others. One that is new is only noted. Failures are left to the next look. */
  look(accountIds: readonly string[]): void;
  /** When the look under way has ended. */
  idle(): Promise<void>;
};

const LOOK_MS_MAX = 2_000;

type Told = {
  /** How far the lists of this account go is known: from here on each change of them is told. */
  onWatching: (accountId: string) => void;
  onChanged: (accountId: string, topics: string[]) => void;
};

export function createTopicWatch(pool: Pool, { onWatching, onChanged }: Told): TopicWatch {
  let known = new Map<string, TopicMarks>();
  let looking: Promise<void> | null = null;

  async function look(accountIds: readonly string[]): Promise<void> {
    const marks = await within(LOOK_MS_MAX, readTopicMarks(pool, accountIds), noAnswer);
    const before = known;
    known = marks;
    for (const [accountId, now] of marks) {
      onWatching(accountId);
      const then = before.get(accountId);
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
      if (topics.length > 0) onChanged(accountId, [...new Set(topics)]);
    }
  }

  const auditTopics = (accountId: string, sinceId: number): Promise<string[]> =>
    within(LOOK_MS_MAX, readAuditTopics(pool, accountId, sinceId), noAnswer);

  return {
    look(accountIds) {
      if (accountIds.length === 0) return void (known = new Map());
      looking ??= look(accountIds)
        .catch(() => {})
        .finally(() => (looking = null));
    },
    idle: async () => void (await looking),
  };
}
