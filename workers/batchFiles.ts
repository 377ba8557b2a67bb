/** Looks after files: counts the tokens of those that were uploaded, and removes what was deleted or has expired (L2, L3). */
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { counterOf } from '../batches/countTokens';
import { FileGone, type FileStore } from '../batches/fileStore';
import { FULL_SPEED, type Pace } from '../batches/pace';
import { indexesOf, indexFile, indexOf } from '../batches/requestIndex';
import { whileRenewed } from '../batches/whileRenewed';
import { eraseRequests } from '../ledger/batches/eraseRequests';
import { deleteDatasets } from '../ledger/datasets/deleteDatasets';
import { listErasableDatasets } from '../ledger/datasets/listErasableDatasets';
import { claimUncountedFile, type CountClaim } from '../ledger/files/claimUncountedFile';
import { dropUncounted } from '../ledger/files/dropUncounted';
import type { StoredFile } from '../ledger/files/file';
import { isCountOver } from '../ledger/files/isCountOver';
import { listErasable } from '../ledger/files/listErasable';
import { markErased } from '../ledger/files/markErased';
import { renewCountClaim } from '../ledger/files/renewCountClaim';
import { saveFileTokens } from '../ledger/files/saveFileTokens';
import { readModels } from '../ledger/prices/readModels';
import { repeat, type Repeating } from './repeat';

export type BatchFilesOptions = {
  pool: Pool;
  store: FileStore;
  log: Pick<Logger, 'warn'>;
  pollMs?: number;
  pace?: Pace | undefined;
};

/** Without news for so long, whoever counts has died: another process begins again, and jobs of the file wait no longer. */
const CLAIM_SECONDS = 30;
/**
 * After how many seconds one that could not be counted is tried again: soon, as a disk that was full may have space again
 * and its owner waits, and then less and less often.
 */
const countAgainSeconds = (attempt: number): number => Math.min(300, 5 * 2 ** (attempt - 1));
const ERASED_AT_ONCE_MAX = 100;

/** One file at a time, accounts in turn: its owner waits for it when the job is created at once. */
export function startCountingFiles({ pool, store, log, pollMs = 200, pace }: BatchFilesOptions): Repeating {
  let lastAccount: string | null = null;
  return repeat(
    async (signal) => {
      while (!signal.aborted) {
        const file = await claimUncountedFile(pool, CLAIM_SECONDS, lastAccount);
        lastAccount = file?.accountId ?? null;
        if (!file) return;
        await count({ pool, store, log, pace }, file);
      }
    },
    pollMs,
    (error) => log.warn({ error: error.message }, 'files can not be counted; trying again'),
  );
}

/**
 * One that can't be counted holds up no other: it comes again later. One whose content is lost is taken away, so that its
 * owner is told to upload it again.
 */
async function count({ pool, store, log, pace }: BatchFilesOptions, file: StoredFile & CountClaim): Promise<void> {
  try {
    const [model] = await readModels(pool, [file.input!.model]);
    // Of whoever counted before: it has died, or will find that another has claimed the file.
    if (file.attempt > 1) await store.remove(indexOf(file.id, file.attempt - 1));
    const totals = await whileRenewed(
      () => renewCountClaim(pool, file, CLAIM_SECONDS),
      (isOver) => indexFile(store, file, counterOf(model!.provider), model!.maxOutputTokens, { isOver, pace }),
    );
    const tokens = { input: totals.inputTokens, output: totals.outputTokens };
    if (!(await saveFileTokens(pool, file, tokens))) await giveUp({ pool, store }, file);
  } catch (error) {
    await store.check();
    if (await isCountOver(pool, file)) return giveUp({ pool, store }, file);
    log.warn({ error: (error as Error).message, file: file.id }, 'a file can not be counted');
    if (error instanceof FileGone) await dropUncounted(pool, file.id);
    else await renewCountClaim(pool, file, countAgainSeconds(file.attempt));
  }
}

/** Only then does the claim end: until it has, the index is erased with the file also if this process dies here. */
async function giveUp({ pool, store }: Pick<BatchFilesOptions, 'pool' | 'store'>, claim: CountClaim): Promise<void> {
  await store.remove(indexOf(claim.id, claim.attempt));
  await renewCountClaim(pool, claim, 0);
}

/** What nobody sees any more goes for good: the content first, then the mark that it is gone. */
export function startErasing({ pool, store, log, pollMs = 5_000, pace = FULL_SPEED }: BatchFilesOptions): Repeating {
  const files = createRemover(store, log);
  const datasets = createRemover(store, log);
  return repeat(
    async (signal) => {
      while (!signal.aborted && (await eraseRequests(pool))) await pace.next('write');
      await store.check();
      const erasable = await listErasable(pool, ERASED_AT_ONCE_MAX, files.putOff());
      await markErased(pool, await files.remove(erasable.map((file) => ({ id: file.id, names: namesOf(file) }))));
      const due = await listErasableDatasets(pool, ERASED_AT_ONCE_MAX, datasets.putOff());
      await deleteDatasets(pool, await datasets.remove(due.map((id) => ({ id, names: [id] }))));
      await store.sweep();
    },
    pollMs,
    (error) => log.warn({ error: error.message }, 'files can not be removed; trying again'),
  );
}

const namesOf = ({ id, countAttempts }: { id: string; countAttempts: number }): string[] => [
  id,
  ...indexesOf(id, countAttempts),
];

/** One that can't be removed is tried again after so long, and is not asked for until then. */
const REMOVE_AGAIN_MS = 60_000;

/** Removes contents, each by itself: one that can't be removed holds up no other, however many there are of its kind. */
function createRemover(store: FileStore, log: BatchFilesOptions['log']) {
  const untilMs = new Map<string, number>();
  return {
    /** Those that could not be removed a moment ago. */
    putOff(): string[] {
      for (const [id, until] of untilMs) if (until <= performance.now()) untilMs.delete(id);
      return [...untilMs.keys()];
    },
    /** Returns those whose content is gone. */
    async remove(files: readonly { id: string; names: string[] }[]): Promise<string[]> {
      const removed: string[] = [];
      for (const { id, names } of files) {
        try {
          for (const name of names) await store.remove(name);
          removed.push(id);
        } catch (error) {
          untilMs.set(id, performance.now() + REMOVE_AGAIN_MS);
          log.warn({ error: (error as Error).message, file: id }, 'a file can not be removed; trying again');
        }
      }
      return removed;
    },
  };
}
