/** Creates a job: its enqueued tokens and its money are reserved together, or not at all (L3). */
import { subtract, type Nano } from '../../domain/money';
import type { BatchEndpoint } from '../../domain/batch';
import type { BatchPrices } from '../../domain/batchPrice';
import { POSITION_COLUMNS, toPosition, type Position, type PositionRow } from '../accounts/position';
import { lockAccount } from '../accounts/lockAccount';
import type { Tx } from '../db';
import { toBatch, type Batch, type BatchRow } from './batch';
import { sumReservedTokens } from './sumReservedTokens';

export type NewBatch = {
  id: string;
  accountId: string;
  model: string;
  endpoint: BatchEndpoint;
  inputFileId: string;
  /** Null: the call has none, and repeats are known by `requestHash` and the client's count of them. */
  idempotencyKey: string | null;
  requestHash: string;
  /** How often the client had tried before, and how long ago this call has come. */
  retries: number;
  waitedMs: number;
  actor: string;
  metadata: Record<string, string> | null;
  outputExpiresSeconds: number | null;
  prices: BatchPrices;
  requests: number;
  /** Enqueued tokens: estimated input and largest output of all its requests. */
  tokens: number;
  /** What it costs at most, by that estimate. */
  held: Nano;
  /** The account's limit of enqueued tokens for the model. */
  tokensMax: number;
  completionWindowMs: number;
};

export type CreatedBatch =
  | { kind: 'created'; batch: Batch; position: Position }
  /** Created before, by the same call. */
  | { kind: 'repeated'; batch: Batch }
  | { kind: 'key_reused' }
  /** Its input is gone: deleted, or its time is over. */
  | { kind: 'file_gone' }
  | { kind: 'token_limit_exceeded'; limit: number; inUse: number; requested: number }
  | { kind: 'account_suspended'; available: Nano }
  | { kind: 'insufficient_funds'; available: Nano; needed: Nano };

/**
 * Under the account's lock, so that of many at once only as many are created as quota and money allow. The money that is
 * left must be more than nothing: creating a job never closes the gate.
 */
export async function createBatch(tx: Tx, wish: NewBatch): Promise<CreatedBatch> {
  const { available, setReasons } = await lockAccount(tx, wish.accountId);
  const repeated = await (wish.idempotencyKey === null
    ? findRetried(tx, wish)
    : findByKey(tx, wish.accountId, wish.idempotencyKey));
  if (repeated)
    return repeated.requestHash === wish.requestHash ? { kind: 'repeated', batch: repeated } : { kind: 'key_reused' };
  if (!(await lockInput(tx, wish.inputFileId))) return { kind: 'file_gone' };
  const inUse = await sumReservedTokens(tx, wish.accountId, wish.model);
  if (inUse + wish.tokens > wish.tokensMax)
    return { kind: 'token_limit_exceeded', limit: wish.tokensMax, inUse, requested: wish.tokens };
  if (setReasons.length > 0) return { kind: 'account_suspended', available };
  if (subtract(available, wish.held) <= 0n) return { kind: 'insufficient_funds', available, needed: wish.held };
  const batch = await insertBatch(tx, wish);
  const { rows } = await tx.query<PositionRow>(
    `update balances set held_nano = held_nano + $2 where account_id = $1 returning ${POSITION_COLUMNS}`,
    [wish.accountId, wish.held.toString()],
  );
  return { kind: 'created', batch, position: toPosition(rows[0]!) };
}

async function findByKey(tx: Tx, accountId: string, key: string): Promise<Batch | null> {
  const { rows } = await tx.query<BatchRow>('select * from batches where account_id = $1 and idempotency_key = $2', [
    accountId,
    key,
  ]);
  return rows[0] ? toBatch(rows[0]) : null;
}

/** A client that has lost an answer asks again for so long; later, the same is another job. */
const RETRY_SECONDS_MAX = 600;

/**
 * The job that another try of the same call has created. A first try may be the slower one: then a later one that came
 * after it has created its job.
 */
async function findRetried(tx: Tx, { accountId, requestHash, retries, waitedMs }: NewBatch): Promise<Batch | null> {
  const { rows } = await tx.query<BatchRow>(
    `select * from batches where account_id = $1 and request_hash = $2 and idempotency_key is null
       and case when $3 > 0 then created_at > clock_timestamp() - make_interval(secs => $4)
                else retries > 0 and created_at > clock_timestamp() - make_interval(secs => $5) end
     order by created_at desc limit 1`,
    [accountId, requestHash, retries, RETRY_SECONDS_MAX, waitedMs / 1_000],
  );
  return rows[0] ? toBatch(rows[0]) : null;
}

/** Locks the input until the job is there to protect it: a file that an open job reads can't be deleted. */
async function lockInput(tx: Tx, fileId: string): Promise<boolean> {
  const { rowCount } = await tx.query(
    'select 1 from files where id = $1 and removed_at is null and coalesce(expires_at > clock_timestamp(), true) for share',
    [fileId],
  );
  return rowCount === 1;
}

async function insertBatch(tx: Tx, wish: NewBatch): Promise<Batch> {
  const { inputPerMillion, cachedInputPerMillion, outputPerMillion } = wish.prices;
  const { rows } = await tx.query<BatchRow>(
    `insert into batches (id, account_id, model_id, endpoint, input_file_id, idempotency_key, request_hash, retries, actor, metadata,
       output_expires_seconds, input_per_million_nano, cached_input_per_million_nano, output_per_million_nano, requests,
       reserved_tokens, held_nano, overran, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, false,
       clock_timestamp() + make_interval(secs => $18)) returning *`,
    [
      wish.id,
      wish.accountId,
      wish.model,
      wish.endpoint,
      wish.inputFileId,
      wish.idempotencyKey,
      wish.requestHash,
      wish.retries,
      wish.actor,
      wish.metadata && JSON.stringify(wish.metadata),
      wish.outputExpiresSeconds,
      inputPerMillion.toString(),
      cachedInputPerMillion.toString(),
      outputPerMillion.toString(),
      wish.requests,
      wish.tokens,
      wish.held.toString(),
      wish.completionWindowMs / 1_000,
    ],
  );
  return toBatch(rows[0]!);
}
