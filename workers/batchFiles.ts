/** Looks after files: counts the tokens of those that were uploaded, and removes what was deleted or has expired (L2, L3). */
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { counterOf } from '../batches/countTokens';
import type { FileStore } from '../batches/fileStore';
import { indexFile, indexOf } from '../batches/requestIndex';
import { eraseRequests } from '../ledger/batches/eraseRequests';
import { deleteDatasets, listErasableDatasets } from '../ledger/datasets/eraseDatasets';
import { claimUncountedFile, renewCountClaim, saveFileTokens } from '../ledger/files/countFiles';
import { listErasable, markErased } from '../ledger/files/eraseFiles';
import { readModels } from '../ledger/prices/readModels';
import { repeat, type Repeating } from './repeat';

export type BatchFilesOptions = { pool: Pool; store: FileStore; log: Pick<Logger, 'warn'>; pollMs?: number };

/** Without news for so long, whoever counts has died: another process begins again, and jobs of the file wait no longer. */
const CLAIM_SECONDS = 30;
const ERASED_AT_ONCE_MAX = 100;

/** One file at a time: its owner waits for it when the job is created at once. */
export const startCountingFiles = ({ pool, store, log, pollMs = 200 }: BatchFilesOptions): Repeating =>
  repeat(
    async (signal) => {
      for (
        let file = await claimUncountedFile(pool, CLAIM_SECONDS);
        file;
        file = await claimUncountedFile(pool, CLAIM_SECONDS)
      ) {
        const [model] = await readModels(pool, [file.input!.model]);
        const counting = indexFile(store, file.id, counterOf(model!.provider), model!.maxOutputTokens);
        const totals = await whileClaimed(pool, file.id, counting);
        const tokens = { input: totals.inputTokens, output: totals.outputTokens };
        if (!(await saveFileTokens(pool, file.id, tokens))) await store.remove(indexOf(file.id));
        if (signal.aborted) return;
      }
    },
    pollMs,
    (error) => log.warn({ error: error.message }, 'files can not be counted; trying again'),
  );

/** What nobody sees any more goes for good: the content first, then the mark that it is gone. */
export const startErasing = ({ pool, store, log, pollMs = 5_000 }: BatchFilesOptions): Repeating =>
  repeat(
    async (signal) => {
      const files = await listErasable(pool, ERASED_AT_ONCE_MAX);
      await markErased(pool, await removeEach(store, log, files, (id) => [id, indexOf(id)]));
      const datasets = await listErasableDatasets(pool, ERASED_AT_ONCE_MAX);
      await deleteDatasets(pool, await removeEach(store, log, datasets, (id) => [id]));
      while (!signal.aborted && (await eraseRequests(pool)));
      await store.sweep();
    },
    pollMs,
    (error) => log.warn({ error: error.message }, 'files can not be removed; trying again'),
  );

/** Renews the claim until the count has ended. One that can't be renewed runs out: then the file is counted twice at most. */
async function whileClaimed<T>(pool: Pool, fileId: string, counting: Promise<T>): Promise<T> {
  const renew = () => void renewCountClaim(pool, fileId, CLAIM_SECONDS).catch(() => undefined);
  const timer = setInterval(renew, (CLAIM_SECONDS / 3) * 1_000);
  try {
    return await counting;
  } finally {
    clearInterval(timer);
  }
}

/** Returns those whose content is gone: one that can't be removed holds up no other, and comes again. */
async function removeEach(
  store: FileStore,
  log: BatchFilesOptions['log'],
  ids: readonly string[],
  namesOf: (id: string) => string[],
): Promise<string[]> {
  const removed: string[] = [];
  for (const id of ids) {
    try {
      for (const name of namesOf(id)) await store.remove(name);
      removed.push(id);
    } catch (error) {
      log.warn({ error: (error as Error).message, file: id }, 'a file can not be removed; trying again');
    }
  }
  return removed;
}
