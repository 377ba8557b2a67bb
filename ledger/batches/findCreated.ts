/** Finds the job that the same call has created before: a repeat makes no second one (L2). */
import type { Db } from '../db';
import { toBatch, type Batch, type BatchRow } from './batch';

export type BatchCall = {
  accountId: string;
  /** Null: the call has none, and repeats are known by `requestHash` and the client's count of them. */
  idempotencyKey: string | null;
  requestHash: string;
  /** How often the client had tried before. */
  retries: number;
  /** When this call came, by the database's clock, in epoch milliseconds. */
  arrivedMs: number;
};
export type CreatedBefore = { kind: 'repeated'; batch: Batch } | { kind: 'key_reused' };

/** Null: there is none. `key_reused`: the key stands for a job of other content. */
export async function findCreated(db: Db, call: BatchCall): Promise<CreatedBefore | null> {
  const batch = await (call.idempotencyKey === null
    ? findRetried(db, call)
    : findByKey(db, call.accountId, call.idempotencyKey));
  if (!batch) return null;
  return batch.requestHash === call.requestHash ? { kind: 'repeated', batch } : { kind: 'key_reused' };
}

async function findByKey(db: Db, accountId: string, key: string): Promise<Batch | null> {
  const { rows } = await db.query<BatchRow>('select * from batches where account_id = $1 and idempotency_key = $2', [
    accountId,
    key,
  ]);
  return rows[0] ? toBatch(rows[0]) : null;
}

/** A client that has lost an answer asks again for so long; later, the same is another job. */
const RETRY_SECONDS_MAX = 600;

/** A process knows the database's time to within this. A try that seems to have come later than it did makes a second job. */
const CLOCK_ERROR_MS = 250;

/**
 * The job that another try of the same call has created. A first try may be the slower one, as it may have waited for the
 * account's lock: then a later one that came after it has created its job.
 */
async function findRetried(db: Db, { accountId, requestHash, retries, arrivedMs }: BatchCall): Promise<Batch | null> {
  const { rows } = await db.query<BatchRow>(
    `select * from batches where account_id = $1 and request_hash = $2 and idempotency_key is null
       and case when $3 > 0 then created_at > clock_timestamp() - make_interval(secs => $4)
                else retries > 0 and created_at > to_timestamp($5) end
     order by created_at desc limit 1`,
    [accountId, requestHash, retries, RETRY_SECONDS_MAX, (arrivedMs - CLOCK_ERROR_MS) / 1_000],
  );
  return rows[0] ? toBatch(rows[0]) : null;
}
