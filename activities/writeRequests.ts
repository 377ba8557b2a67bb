/** Writes down a job's requests from the index of its input (L4). */
import { FileGone } from '../batches/fileStore';
import { FULL_SPEED } from '../batches/pace';
import { IndexBroken, readIndex } from '../batches/requestIndex';
import { estimateRequest } from '../domain/batchPrice';
import type { Batch } from '../ledger/batches/batch';
import { insertRequests } from '../ledger/batches/insertRequests';
import { transaction } from '../ledger/db';
import { readCountAttempt } from '../ledger/files/readCountAttempt';
import type { BatchDependencies } from './dependencies';

/** Requests that are written down in one statement. */
const PAGE = 5_000;
/** The same while gates are asked: some milliseconds of Postgres' time. */
const SLOW_PAGE = 200;

/** Throws `FileGone` or `IndexBroken` when they can't be read at any later time either. Repeated, it goes on. */
export async function writeRequests(
  { pool, store, pace = FULL_SPEED }: Pick<BatchDependencies, 'pool' | 'store' | 'pace'>,
  { id, inputFileId, prices, requests: expected }: Batch,
): Promise<void> {
  let read = 0;
  const input = { id: inputFileId, attempt: await readCountAttempt(pool, inputFileId) };
  for await (const page of readIndex(store, input, () => (pace.isSlow() ? SLOW_PAGE : PAGE))) {
    await pace.next('write');
    read += page.length;
    const requests = page.map((request) => ({
      ...request,
      tokens: request.inputTokens + request.outputTokens,
      held: estimateRequest(prices, request),
    }));
    await transaction(pool, (tx) => insertRequests(tx, id, requests));
  }
  if (read !== expected) throw new IndexBroken(inputFileId, `it has ${read} of ${expected} requests`);
}

/** Whether trying again is of no use. */
export const isLost = (error: unknown): boolean => error instanceof FileGone || error instanceof IndexBroken;
