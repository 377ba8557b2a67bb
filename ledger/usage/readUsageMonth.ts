/** Reads a month of usage events as JSON (B8), some thousands at a time. */
import type { PoolClient } from 'pg';
import { beginUsageView } from './beginUsageView';
import { takenIn } from './takenIn';

const EVENTS_AT_ONCE = 5_000;

export type ArchivedEvent = { json: string; cost: bigint; posting: bigint };

/** In the order in which they are stored, which is always the same for a month that is over. */
export async function* readUsageMonth(client: PoolClient, month: string): AsyncGenerator<ArchivedEvent[]> {
  await client.query('begin');
  try {
    // A database that is just being restored shows either all that it has then, or all that it had before.
    await beginUsageView(client, 'repeatable read, read only');
    await client.query(
      `set local synchronize_seqscans = off; set local timezone = 'UTC'; set local extra_float_digits = 1`,
    );
    await client.query(
      `declare events no scroll cursor for
       select row_to_json(u)::text as json, cost_nano as cost, posting from usage_events u where ${takenIn(month)}`,
    );
    for (;;) {
      const { rows } = await client.query<ArchivedEvent>(`fetch ${EVENTS_AT_ONCE} from events`);
      if (rows.length === 0) break;
      yield rows;
    }
  } finally {
    await client.query('rollback');
  }
}
