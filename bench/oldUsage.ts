/** What the measurements of old usage need: millions of events, put into the tables as the ledger would have. */
import type { Pool } from 'pg';
import { MODEL } from './usage';

/** Events of one posting. */
const PER_POSTING = 1_000;

/**
 * Puts so many events of an account into the month, over the 30 days before now, a posting per thousand. They are entered
 * as not summed, so the worker sums them as it sums any others. The account's balance does not know of them.
 * @param month UTC, such as 2026-08
 */
export async function insertEvents(pool: Pool, accountId: string, month: string, events: number): Promise<void> {
  await pool.query('select create_usage_month($1)', [month]);
  for (let from = 0; from < events; from += 1_000_000) {
    await pool.query(
      `with new as (
         select i, first.posting + i / $5 as posting
         from generate_series(0, $4::int - 1) i,
           (select setval('usage_postings', nextval('usage_postings') + $4::int / $5 + 1) - $4::int / $5 as posting) first
       ), inserted as (
         insert into usage_events (account_id, event_id, sequence, model, input_tokens, cached_input_tokens, output_tokens,
                                   images, at, cost_nano, posting, kind, taken_at)
         select $1, gen_random_uuid(), 1, $2, 1200, 0, 250, 0, now() - (i % 30) * interval '1 day', 1450000, posting, 'text',
                ($3 || '-15')::timestamptz
         from new
       )
       insert into usage_unsummed select distinct posting from new`,
      [accountId, MODEL, month, Math.min(1_000_000, events - from), PER_POSTING],
    );
  }
  await pool.query('vacuum analyze usage_events');
}
