/** A batch job's steps (L4): look at it, do what is next, and say until when to wait. */
import { FileGone } from '../batches/fileStore';
import { readIndex } from '../batches/requestIndex';
import { writeOutputs } from '../batches/outputs';
import type { FileError } from '../domain/batch';
import { estimateRequest } from '../domain/batchPrice';
import { nextStep } from '../domain/batchStep';
import { formatMoney } from '../domain/money';
import type { Batch } from '../ledger/batches/batch';
import { closeBatch } from '../ledger/batches/closeBatch';
import { endBatch, type BatchEnd, type EndedBatch } from '../ledger/batches/endBatch';
import { insertRequests } from '../ledger/batches/insertRequests';
import { moveBatch } from '../ledger/batches/moveBatch';
import { readProgress } from '../ledger/batches/readProgress';
import { transaction, type Tx } from '../ledger/db';
import { insertFile, type NewFile } from '../ledger/files/insertFile';
import { listRemoved } from '../ledger/files/listRemoved';
import { postNotice } from '../ledger/notices/postNotice';
import type { BatchDependencies } from './dependencies';
import { heartbeating } from './heartbeating';

export type AdvancedBatch = { kind: 'ended' } | { kind: 'wait'; untilMs: number };

/** Requests that are written down in one statement. */
const PAGE = 5_000;

export function createBatchActivities({ pool, store, log }: BatchDependencies) {
  /** The job fails when its input is gone. */
  async function begin(batch: Batch): Promise<void> {
    try {
      await writeRequests({ pool, store }, batch);
      await transaction(pool, (tx) => moveBatch(tx, batch.id, 'in_progress'));
    } catch (error) {
      if (!(error instanceof FileGone)) throw error;
      log.error(
        { batch: batch.id, file: batch.inputFileId },
        "a batch's input is not in the file store: the batch fails",
      );
      await fail(batch, {
        code: 'invalid_request',
        message: 'The input file is not there any more.',
        param: 'input_file_id',
        line: null,
      });
    }
  }

  /**
   * A job that was cancelled before it began still has one line for each request; without its input it ends with those
   * that are there. Returns whether all are.
   */
  async function writeUnbegun(batch: Batch): Promise<boolean> {
    try {
      await writeRequests({ pool, store }, batch);
      return true;
    } catch (error) {
      if (!(error instanceof FileGone)) throw error;
      log.error({ batch: batch.id, file: batch.inputFileId }, "a cancelled batch's input is not in the file store");
      return false;
    }
  }

  /** Its files first, then the end that leads to them: whoever dies between writes the same files again. */
  async function finish(batch: Batch, how: Exclude<BatchEnd, 'failed'>): Promise<void> {
    if (!(await transaction(pool, (tx) => closeBatch(tx, batch.id)))) return;
    const isWhole = batch.reached.in_progress !== undefined || (await writeUnbegun(batch));
    const unfinished = how === 'cancelled' ? 'batch_cancelled' : 'batch_expired';
    const { output, errors } = await writeOutputs(pool, store, {
      batchId: batch.id,
      requests: isWhole ? batch.requests : null,
      unfinished,
    });
    const removed = await transaction(pool, async (tx) => {
      for (const [file, name] of [
        [output, 'output'],
        [errors, 'error'],
      ] as const) {
        if (file) await insertFile(tx, { ...file, ...outputOf(batch, name) });
      }
      await tell(
        tx,
        await endBatch(tx, { batchId: batch.id, end: how }, { outputFileId: output?.id, errorFileId: errors?.id }),
      );
      return listRemoved(
        tx,
        [output, errors].flatMap((file) => (file ? [file.id] : [])),
      );
    });
    // Another process has ended the job before, and its owner has deleted the file since: writing brought it back.
    for (const id of removed) await store.remove(id);
  }

  async function fail(batch: Batch, error: FileError): Promise<void> {
    await transaction(pool, async (tx) =>
      tell(tx, await endBatch(tx, { batchId: batch.id, end: 'failed' }, { errors: [error] })),
    );
  }

  return {
    /** Does one step of the job. Killed at any line it is run again, and goes on where it was. */
    async advanceBatch({ batchId, nowMs }: { batchId: string; nowMs: number }): Promise<AdvancedBatch> {
      return heartbeating(async () => {
        for (;;) {
          const { batch, progress } = await transaction(pool, (tx) => readProgress(tx, batchId));
          const step = nextStep(progress, nowMs);
          if (step.kind === 'ended' || step.kind === 'wait') return step;
          if (step.kind === 'begin') await begin(batch);
          else await finish(batch, step.end);
        }
      });
    },
  };
}
export type BatchActivities = ReturnType<typeof createBatchActivities>;

/** The input's requests as rows. Throws FileGone when the input is not in the store any more. */
async function writeRequests(
  { pool, store }: Pick<BatchDependencies, 'pool' | 'store'>,
  { id, inputFileId, prices }: Batch,
): Promise<void> {
  for await (const page of readIndex(store, inputFileId, PAGE)) {
    const requests = page.map((request) => ({
      ...request,
      tokens: request.inputTokens + request.outputTokens,
      held: estimateRequest(prices, request),
    }));
    await transaction(pool, (tx) => insertRequests(tx, id, requests));
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
async function tell(tx: Tx, ended: EndedBatch): Promise<void> {
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
