/** A batch job's steps (L4): look at it, do what is next, and say until when to wait. */
import type { FileError } from '../domain/batch';
import { nextStep } from '../domain/batchStep';
import type { Batch } from '../ledger/batches/batch';
import { endBatch } from '../ledger/batches/endBatch';
import { moveBatch } from '../ledger/batches/moveBatch';
import { readProgress } from '../ledger/batches/readProgress';
import { transaction } from '../ledger/db';
import type { BatchDependencies } from './dependencies';
import { finishBatch, tellOwners } from './finishBatch';
import { workflowTime } from './workflowTime';
import { isLost, writeRequests } from './writeRequests';

export type AdvancedBatch = { kind: 'ended' } | { kind: 'wait'; untilMs: number };

const INPUT_LOST: FileError = {
  code: 'invalid_request',
  message: 'The input file is not there any more.',
  param: 'input_file_id',
  line: null,
};

export function createBatchActivities(deps: BatchDependencies) {
  const { pool, log } = deps;

  /** The job fails when its input is lost. What may be mended, such as a disk that can't be read, is tried again. */
  async function begin(batch: Batch): Promise<void> {
    try {
      await writeRequests(deps, batch);
      await transaction(pool, (tx) => moveBatch(tx, batch.id, 'in_progress'));
    } catch (error) {
      if (!isLost(error)) throw error;
      log.error(
        { err: error, account: batch.accountId, batch: batch.id, file: batch.inputFileId },
        "a batch's input is lost: the batch fails",
      );
      await fail(batch.id);
    }
  }

  const fail = (batchId: string): Promise<void> =>
    transaction(pool, async (tx) =>
      tellOwners(tx, await endBatch(tx, { batchId, end: 'failed' }, { errors: [INPUT_LOST] })),
    );

  return {
    /**
     * Does one step of the job. Killed at any line it is run again, and goes on where it was. A job that is not there (a
     * restored backup) has ended.
     */
    async advanceBatch({ batchId, nowMs }: { batchId: string; nowMs: number }): Promise<AdvancedBatch> {
      const time = workflowTime(nowMs);
      for (;;) {
        const found = await transaction(pool, (tx) => readProgress(tx, batchId));
        if (!found) return { kind: 'ended' };
        const { batch, progress } = found;
        const step = nextStep(progress, time());
        if (step.kind === 'ended' || step.kind === 'wait') return step;
        if (step.kind === 'begin') await begin(batch);
        else await finishBatch(deps, batch, step.end);
      }
    },
  };
}
export type BatchActivities = ReturnType<typeof createBatchActivities>;
