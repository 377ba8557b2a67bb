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
      const ids = await listErasable(pool, ERASED_AT_ONCE_MAX);
      for (const id of ids) await Promise.all([store.remove(id), store.remove(indexOf(id))]);
      if (ids.length > 0) await markErased(pool, ids);
      const datasets = await listErasableDatasets(pool, ERASED_AT_ONCE_MAX);
      for (const id of datasets) await store.remove(id);
      if (datasets.length > 0) await deleteDatasets(pool, datasets);
      while (!signal.aborted && (await eraseRequests(pool)));
      await store.sweep();
    },
    pollMs,
    (error) => log.warn({ error: error.message }, 'files can not be removed; trying again'),
  );
