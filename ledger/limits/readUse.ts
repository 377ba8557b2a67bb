/** What an account uses of its limits now (L6). */
import type { LimitKey } from '../../domain/limits';
import type { Stored } from '../../domain/storeLimit';
import { OPEN_STATUSES } from '../batches/batch';
import type { Db } from '../db';

/** The real-time usage that was taken in the last minute, batches left out. */
export type MinuteUse = { requests: number; tokens: number };

/** Enqueued tokens by model, of models with open jobs. */
export async function readEnqueuedTokens(db: Db, accountId: string): Promise<{ model: string; tokens: number }[]> {
  const { rows } = await db.query<{ model_id: string; tokens: bigint }>(
    `select model_id, sum(reserved_tokens)::bigint as tokens from batches
     where account_id = $1 and status in ${OPEN_STATUSES} group by model_id order by model_id`,
    [accountId],
  );
  return rows.map(({ model_id: model, tokens }) => ({ model, tokens: Number(tokens) }));
}

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

export async function countDedicatedEndpoints(db: Db, accountId: string): Promise<number> {
  const { rows } = await db.query<{ count: bigint }>('select count(*) from dedicated_endpoints where account_id = $1', [
    accountId,
  ]);
  return Number(rows[0]!.count);
}

/** What was uploaded and not deleted; outputs of batches are not counted. */
export const readFilesStored = (db: Db, accountId: string): Promise<Stored> =>
  readStored(db, "files where purpose = 'batch' and", accountId);
export const readDatasetsStored = (db: Db, accountId: string): Promise<Stored> =>
  readStored(db, 'evaluation_datasets where', accountId);

async function readStored(db: Db, from: string, accountId: string): Promise<Stored> {
  const { rows } = await db.query<{ count: bigint; bytes: bigint }>(
    `select count(*) as count, coalesce(sum(bytes), 0)::bigint as bytes from ${from} account_id = $1 and removed_at is null`,
    [accountId],
  );
  return { count: Number(rows[0]!.count), bytes: Number(rows[0]!.bytes) };
}

/** The limits that were raised for the account. An empty model means all models. */
export async function listRaises(
  db: Db,
  accountId: string,
): Promise<{ key: LimitKey; model: string; limit: number }[]> {
  const { rows } = await db.query<{ key: LimitKey; model_id: string; limit_value: bigint }>(
    'select key, model_id, limit_value from limit_raises where account_id = $1 order by key, model_id',
    [accountId],
  );
  return rows.map((row) => ({ key: row.key, model: row.model_id, limit: Number(row.limit_value) }));
}
