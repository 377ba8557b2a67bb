/** The job that an executor asks for: a service's key may execute any account's (L4). */
import { z } from 'zod';
import { notFound } from '../../domain/errors';
import type { Batch } from '../../ledger/batches/batch';
import { readBatch } from '../../ledger/batches/readBatch';
import type { Uses } from '../services';

export const ofExecuted = z.strictObject({
  batchId: z.string().regex(/^batch_[A-Za-z0-9]{1,80}$/, 'must be the id of a batch'),
});

/** @throws {Problem} `not_found` */
export async function findExecuted(batchId: string, { pool }: Uses<'pool'>): Promise<Batch> {
  const found = await readBatch(pool, batchId);
  if (!found) throw notFound(`batch ${batchId}`);
  return found;
}
