/** Posts priced usage events: deducts each exactly once, one line and one position update per account (B2, B3). An event that names a hold settles it (B5). */
import type { Nano } from '../domain/money';
import type { UsageEvent } from '../domain/usageEvent';
import type { Db } from './db';
import { POSITION_COLUMNS, toPosition, type Position, type PositionRow } from './position';

export type PricedEvent = UsageEvent & { cost: Nano };
export type NotTaken = 'duplicate' | 'event_conflict' | 'unknown_account' | 'unknown_hold';
export type PostedUsage = {
  /** By account id, after the posting: every account named that exists. */
  positions: Map<string, Position>;
  /** By place in `events`, from 0: whatever was not taken now. */
  notTaken: Map<number, NotTaken>;
};

const columns = POSITION_COLUMNS.split(', ').map((column) => `(account).${column}`).join(', ');
const statement = {
  name: 'post-usage',
  text: `select ${columns}, place, outcome from post_usage($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
};

/**
 * One round trip for any number of events and accounts. Either all of it is committed or nothing. Ids must have been
 * checked before, and holds' ids be UUIDs: a single one that Postgres can't store would fail the whole commit.
 */
export async function postUsage(db: Db, events: readonly PricedEvent[]): Promise<PostedUsage> {
  const accounts = [...new Set(events.map((event) => event.accountId))].sort();
  const placeOf = new Map(accounts.map((account, index) => [account, index + 1]));
  const { rows } = await db.query<PositionRow & { place: number | null; outcome: NotTaken }>({
    ...statement,
    values: [
      accounts,
      events.map((event) => placeOf.get(event.accountId)),
      events.map((event) => event.id),
      events.map((event) => event.model),
      events.map((event) => event.inputTokens),
      events.map((event) => event.cachedInputTokens),
      events.map((event) => event.outputTokens),
      events.map((event) => event.images),
      events.map((event) => event.imageSize),
      events.map((event) => new Date(event.atMs).toISOString()),
      events.map((event) => event.cost.toString()),
      events.some((event) => event.holdId !== null) ? events.map((event) => event.holdId) : null,
    ],
  });
  const positions = new Map<string, Position>();
  const notTaken = new Map<number, NotTaken>();
  for (const row of rows) {
    if (row.place === null) positions.set(row.account_id, toPosition(row));
    else notTaken.set(row.place - 1, row.outcome);
  }
  return { positions, notTaken };
}
