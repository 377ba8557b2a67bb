/** Reads an account's real-time usage of the last minute (L6). */
import type { Db } from '../db';

/** The real-time usage that was taken in the last minute, batches left out. */
export type MinuteUse = { requests: number; tokens: number };

/**
 * Goes back through the account's lines, the newest first, until one is older than a minute, and reads the events of
 * those postings by index: neither earlier events nor other accounts' cost anything.
 */
export async function readMinuteUse(db: Db, accountId: string): Promise<MinuteUse> {
  const { rows } = await db.query<{ requests: bigint; tokens: bigint }>(
    `with recursive recent as (
       (select l.sequence, posting_of(l) as posting from ledger_lines l
        where l.account_id = $1 and l.at > clock_timestamp() - interval '1 minute'
          and l.sequence = (select max(newest.sequence) from ledger_lines newest where newest.account_id = $1))
       union all
       select l.sequence, posting_of(l) from recent r join ledger_lines l on l.account_id = $1 and l.sequence = r.sequence - 1
       where l.at > clock_timestamp() - interval '1 minute'
     )
     select count(u.*) as requests, coalesce(sum(u.input_tokens + u.output_tokens), 0)::bigint as tokens
     from recent r cross join lateral (
       select input_tokens, output_tokens from usage_events e
       where e.posting = r.posting and e.account_id = $1 and e.sequence = r.sequence
         and e.taken_at > clock_timestamp() - interval '1 minute' and e.kind <> 'batch'
     ) u`,
    [accountId],
  );
  return { requests: Number(rows[0]!.requests), tokens: Number(rows[0]!.tokens) };
}
