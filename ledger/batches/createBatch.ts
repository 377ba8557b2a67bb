/** Creates a job: its enqueued tokens and its money are reserved together, or not at all (L3). */
import { subtract, type Nano } from '../../domain/money';
import type { BatchEndpoint } from '../../domain/batch';
import type { BatchPrices } from '../../domain/batchPrice';
import { POSITION_COLUMNS, toPosition, type Position, type PositionRow } from '../accounts/position';
import { lockAccount } from '../accounts/lockAccount';
import type { Tx } from '../db';
import { toBatch, type Batch, type BatchRow } from './batch';
import { findCreated, type BatchCall, type CreatedBefore } from './findCreated';
import { sumReservedTokens } from './sumReservedTokens';

export type NewBatch = BatchCall & {
  id: string;
  model: string;
  endpoint: BatchEndpoint;
  inputFileId: string;
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
  | CreatedBefore
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
  const before = await findCreated(tx, wish);
  if (before) return before;
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
