/** Batch jobs for tests that need the ledger only: a file's row, a job of some requests, and what becomes of them. */
import { randomBytes } from 'node:crypto';
import type { Pool } from 'pg';
import { COMPLETION_WINDOW_MS } from '../../domain/batch';
import { parseMoney, zero } from '../../domain/money';
import { createBatch, type CreatedBatch, type NewBatch } from '../../ledger/batches/createBatch';
import { insertRequests } from '../../ledger/batches/insertRequests';
import { moveBatch } from '../../ledger/batches/moveBatch';
import type { NewResult } from '../../ledger/batches/recordResults';
import { transaction, type Db } from '../../ledger/db';

export const MODEL = 'gpt-batch';
export const TOKENS_PER_REQUEST = 1_000;
/** What each request of these jobs holds. */
export const HELD_PER_REQUEST = parseMoney('1');

const hex = (): string => randomBytes(8).toString('hex');

export async function insertBatchModel(pool: Pool, id = MODEL): Promise<void> {
  await pool.query(
    `insert into models (id, provider, license, input, output, batch) values ($1, 'openai', 'commercial', '{text}', 'text', true)
     on conflict do nothing`,
    [id],
  );
}

/** The row of a file that was uploaded and counted. */
export async function insertInput(db: Db, accountId: string, requests: number, id = `file-${hex()}`): Promise<string> {
  await db.query(
    `insert into files (id, account_id, purpose, filename, bytes, model_id, endpoint, requests, input_tokens, output_tokens, actor)
     values ($1, $2, 'batch', 'test.jsonl', 1, $3, '/v1/chat/completions', $4, $5, 0, 'test')`,
    [id, accountId, MODEL, requests, requests * TOKENS_PER_REQUEST],
  );
  return id;
}

/** Wishes for a job of so many requests, each for $1. */
export async function wishFor(
  db: Db,
  accountId: string,
  requests: number,
  more: Partial<NewBatch> = {},
): Promise<NewBatch> {
  return {
    id: `batch_${hex()}`,
    accountId,
    model: MODEL,
    endpoint: '/v1/chat/completions',
    inputFileId: await insertInput(db, accountId, requests),
    idempotencyKey: null,
    requestHash: hex(),
    retries: 0,
    arrivedMs: Date.now(),
    actor: 'test',
    metadata: null,
    outputExpiresSeconds: null,
    prices: {
      inputPerMillion: parseMoney('1'),
      cachedInputPerMillion: parseMoney('1'),
      outputPerMillion: parseMoney('1'),
    },
    requests,
    tokens: requests * TOKENS_PER_REQUEST,
    held: (HELD_PER_REQUEST * BigInt(requests)) as NewBatch['held'],
    tokensMax: 1_000_000,
    completionWindowMs: COMPLETION_WINDOW_MS,
    ...more,
  };
}

export const create = (pool: Pool, wish: NewBatch): Promise<CreatedBatch> =>
  transaction(pool, (tx) => createBatch(tx, wish));

/** A job in progress, with its requests `r1`, `r2`, … */
export async function runningBatch(
  pool: Pool,
  accountId: string,
  requests: number,
  more: Partial<NewBatch> = {},
): Promise<string> {
  const created = await create(pool, await wishFor(pool, accountId, requests, more));
  if (created.kind !== 'created') throw new Error(`no job: ${created.kind}`);
  await transaction(pool, async (tx) => {
    await insertRequests(
      tx,
      created.batch.id,
      Array.from({ length: requests }, (_, i) => ({
        line: i + 1,
        customId: `r${i + 1}`,
        offset: i,
        length: 1,
        tokens: TOKENS_PER_REQUEST,
        held: HELD_PER_REQUEST,
      })),
    );
    await moveBatch(tx, created.batch.id, 'in_progress');
  });
  return created.batch.id;
}

export const completed = (customId: string, dollars: string): NewResult => ({
  customId,
  outcome: 'completed',
  response: '{"status_code":200,"request_id":"","body":{}}',
  error: null,
  usage: { inputTokens: 10, cachedInputTokens: 0, outputTokens: 5 },
  cost: parseMoney(dollars),
});
export const failed = (customId: string): NewResult => ({
  customId,
  outcome: 'failed',
  response: null,
  error: '{"code":"broken","message":"It broke."}',
  usage: { inputTokens: 0, cachedInputTokens: 0, outputTokens: 0 },
  cost: zero,
});
