/** Finishes a batch job: closes it, writes its files, and ends it (L4). */
import { discardFile } from '../batches/discardFile';
import { newId } from '../batches/newId';
import { writeOutputs, type OutputFile, type OutputKind } from '../batches/outputs';
import { whileRenewed } from '../batches/whileRenewed';
import { formatMoney } from '../domain/money';
import type { Batch } from '../ledger/batches/batch';
import { closeBatch } from '../ledger/batches/closeBatch';
import { endBatch, type BatchEnd, type EndedBatch } from '../ledger/batches/endBatch';
import { transaction, type Tx } from '../ledger/db';
import { keepFile } from '../ledger/files/keepFile';
import { renewReservations } from '../ledger/files/renewReservations';
import { reserveFile } from '../ledger/files/reserveFile';
import { postNotice } from '../ledger/notices/postNotice';
import type { BatchDependencies } from './dependencies';
import { isLost, writeRequests } from './writeRequests';

/** Without news for so long, whoever writes a job's files has died: what it has written is removed. */
const RESERVED_SECONDS = 30;

/**
 * Its files first, then the end that leads to them. Each try writes files of its own, which are reserved before: those of
 * the try that ends the job are kept, and all others removed, whoever dies or is held up wherever. What the job still
 * reserves is given back before.
 */
export async function finishBatch(
  deps: BatchDependencies,
  { id: batchId }: Batch,
  how: Exclude<BatchEnd, 'failed'>,
): Promise<void> {
  const { pool, store } = deps;
  const batch = await transaction(pool, (tx) => closeBatch(tx, batchId));
  if (!batch) return;
  const isWhole = batch.reached.in_progress !== undefined || (await writeUnbegun(deps, batch));
  const job = {
    batchId,
    requests: isWhole ? batch.requests : null,
    unfinished: how === 'cancelled' ? ('batch_cancelled' as const) : ('batch_expired' as const),
  };
  const files = filesOf(batch);
  const ids = files.map(({ id }) => id);
  try {
    for (const file of files) await reserveFile(pool, { ...file, ...outputOf(batch, file), seconds: RESERVED_SECONDS });
    const sizes = await whileRenewed(
      () => renewReservations(pool, ids, RESERVED_SECONDS),
      () => writeOutputs(pool, store, job, files, deps.pace),
    );
    const written = files.flatMap((file, nth) => (sizes[nth]! > 0 ? [{ ...file, bytes: sizes[nth]! }] : []));
    await transaction(pool, (tx) => end(tx, batch, how, written));
  } finally {
    await dropUnkept(deps, ids);
  }
}

/** A file that would have no line is not made. */
function filesOf({ completed, requests }: Batch): OutputFile[] {
  const kinds = [completed > 0 && 'output', completed < requests && 'error'] as const;
  return kinds.flatMap((kind) => (kind ? [{ kind, id: newId('file-') }] : []));
}

async function end(
  tx: Tx,
  batch: Batch,
  how: BatchEnd,
  written: readonly (OutputFile & { bytes: number })[],
): Promise<void> {
  const idOf = (kind: OutputKind) => written.find((file) => file.kind === kind)?.id;
  const ids = { outputFileId: idOf('output'), errorFileId: idOf('error') };
  const ended = await endBatch(tx, { batchId: batch.id, end: how }, ids);
  // Another process has ended it before, with files of its own.
  if (ended.kind === 'ended_before') return;
  for (const file of written)
    await keepFile(tx, {
      ...file,
      ...outputOf(batch, file),
      input: null,
      expiresAfterSeconds: batch.outputExpiresSeconds,
    });
  await tellOwners(tx, ended);
}

/** What of it can't be removed now, or by a process that dies here, goes when its reservation is over. */
async function dropUnkept({ pool, store, log }: BatchDependencies, ids: readonly string[]): Promise<void> {
  for (const id of ids)
    await discardFile(pool, store, id).catch((failure: Error) =>
      log.warn({ err: failure, file: id }, 'a file that was not kept is removed later'),
    );
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
const outputOf = (batch: Batch, { kind }: OutputFile) => ({
  accountId: batch.accountId,
  purpose: 'batch_output' as const,
  filename: `${batch.id}_${kind}.jsonl`,
  actor: `batch ${batch.id}`,
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
