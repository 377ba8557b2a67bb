/** Finishes a batch job: closes it, writes its files, and ends it (L4). */
import { writeOutputs } from '../batches/outputs';
import { formatMoney } from '../domain/money';
import type { Batch } from '../ledger/batches/batch';
import { closeBatch } from '../ledger/batches/closeBatch';
import { endBatch, type BatchEnd, type EndedBatch } from '../ledger/batches/endBatch';
import { transaction, type Tx } from '../ledger/db';
import { insertFile, type NewFile } from '../ledger/files/insertFile';
import { listRemoved } from '../ledger/files/listRemoved';
import { postNotice } from '../ledger/notices/postNotice';
import type { BatchDependencies } from './dependencies';
import { isLost, writeRequests } from './writeRequests';

/**
 * Its files first, then the end that leads to them: whoever dies between writes the same files again. What it still
 * reserves is given back before.
 */
export async function finishBatch(
  deps: BatchDependencies,
  batch: Batch,
  how: Exclude<BatchEnd, 'failed'>,
): Promise<void> {
  const { pool, store } = deps;
  if (!(await transaction(pool, (tx) => closeBatch(tx, batch.id)))) return;
  const isWhole = batch.reached.in_progress !== undefined || (await writeUnbegun(deps, batch));
  const { output, errors } = await writeOutputs(pool, store, {
    batchId: batch.id,
    requests: isWhole ? batch.requests : null,
    unfinished: how === 'cancelled' ? 'batch_cancelled' : 'batch_expired',
  });
  const removed = await transaction(pool, async (tx) => {
    for (const [file, name] of [
      [output, 'output'],
      [errors, 'error'],
    ] as const) {
      if (file) await insertFile(tx, { ...file, ...outputOf(batch, name) });
    }
    const files = { outputFileId: output?.id, errorFileId: errors?.id };
    await tellOwners(tx, await endBatch(tx, { batchId: batch.id, end: how }, files));
    return listRemoved(
      tx,
      [output, errors].flatMap((file) => (file ? [file.id] : [])),
    );
  });
  // Another process has ended the job before, and its owner has deleted the file since: writing brought it back.
  for (const id of removed) await store.remove(id);
}

/** An input that can't be read, although it may be later, is tried again for so long after the job was closed. */
const UNREADABLE_MS_MAX = 3_600_000;

/**
 * A job that ends before it began still has one line for each request; when its input can't be read, it ends with those
 * that are there. Returns whether all are.
 */
async function writeUnbegun(deps: BatchDependencies, batch: Batch): Promise<boolean> {
  try {
    await writeRequests(deps, batch);
    return true;
  } catch (error) {
    const closedAt = batch.reached.finalizing ?? batch.reached.cancelling;
    const isGivenUp = closedAt !== undefined && Date.now() - closedAt.getTime() > UNREADABLE_MS_MAX;
    if (!isLost(error) && !isGivenUp) throw error;
    deps.log.error(
      { err: error, account: batch.accountId, batch: batch.id, file: batch.inputFileId },
      "the input of a batch that ends can't be read: requests are left out of its error file",
    );
    return false;
  }
}

/** The files of a job stay until they are deleted, unless its creator has said for how long. */
const outputOf = (batch: Batch, name: 'output' | 'error'): Omit<NewFile, 'id' | 'bytes'> => ({
  accountId: batch.accountId,
  purpose: 'batch_output',
  filename: `${batch.id}_${name}.jsonl`,
  input: null,
  actor: `batch ${batch.id}`,
  expiresAfterSeconds: batch.outputExpiresSeconds,
});

/** Owners hear of a job's end in the transaction that ends it. */
export async function tellOwners(tx: Tx, ended: EndedBatch): Promise<void> {
  if (ended.kind === 'ended_before') return;
  const { id, accountId, status, requests, completed, failed, charged } = ended.batch;
  await postNotice(tx, accountId, `batch/${id}`, {
    kind: 'batch_ended',
    batch: id,
    status: status as BatchEnd,
    requests,
    completed,
    failed,
    charged: formatMoney(charged),
  });
}
