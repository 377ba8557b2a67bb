/** Looks after files: counts the tokens of those that were uploaded, and removes what was deleted or has expired (L2, L3). */
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { counterOf } from '../batches/countTokens';
import type { FileStore } from '../batches/fileStore';
import { indexFile, indexOf } from '../batches/requestIndex';
import { eraseRequests } from '../ledger/batches/eraseRequests';
import { deleteDatasets, listErasableDatasets } from '../ledger/datasets/eraseDatasets';
import { claimUncountedFile, saveFileTokens } from '../ledger/files/countFiles';
import { listErasable, markErased } from '../ledger/files/eraseFiles';
import { readModels } from '../ledger/prices/readModels';
import { repeat, type Repeating } from './repeat';

export type BatchFilesOptions = { pool: Pool; store: FileStore; log: Pick<Logger, 'warn'>; pollMs?: number };

/** A file of 200 MB is counted in a fraction of it; after it, another process may begin again. */
const CLAIM_SECONDS = 300;
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
        const totals = await indexFile(store, file.id, counterOf(model!.provider), model!.maxOutputTokens);
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
