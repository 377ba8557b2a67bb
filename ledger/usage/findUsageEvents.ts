/** Finds posted usage events by their ids, in all months that are kept. */
import type { Db } from '../db';
import { toPostedEvent, type EventRow, type PostedEvent } from './postedEvent';

/** For each account and event id, in order: the event that is kept, or null. */
export async function findUsageEvents(
  db: Db,
  keys: readonly { accountId: string; id: string }[],
): Promise<(PostedEvent | null)[]> {
  const { rows } = await db.query<EventRow & { place: bigint }>(
    `select u.*, k.place from unnest($1::text[], $2::text[]) with ordinality as k(account_id, event_id, place)
     join usage_events u on usage_key(u.account_id, u.event_id) = usage_key(k.account_id, k.event_id)
       and u.account_id = k.account_id and u.event_id = k.event_id`,
    [keys.map(({ accountId }) => accountId), keys.map(({ id }) => id)],
  );
  const found = new Map(rows.map((row) => [Number(row.place) - 1, toPostedEvent(row)]));
  return keys.map((_, index) => found.get(index) ?? null);
}
