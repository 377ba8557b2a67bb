/** Removes what writers have left that died: what lies in the file store although no row names it, and rows of what is not there (L2). */
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { FileStore } from '../batches/fileStore';
import { readRestore } from '../ledger/backup/readRestore';
import { deleteAbandoned } from '../ledger/files/deleteAbandoned';
import { listUnnamed, type Content } from '../ledger/files/listUnnamed';
import { repeat, type Repeating } from './repeat';

export type FileSweepOptions = {
  pool: Pool;
  store: FileStore;
  log: Pick<Logger, 'warn'>;
  /** @default an hour */
  pollMs?: number;
};

/**
 * Longer than any upload or job takes. So long after a restore, too, nothing is removed: whoever has restored an older
 * database finds what the newer one named, should that be found after all.
 */
const UNNAMED_MS_MIN = 7 * 86_400_000;
/** Asked of Postgres at once. */
const PAGE = 1_000;

/** Names in the store: of a file, an index of it, or a dataset. */
const CONTENT = /^((?:file|dataset)-[A-Za-z0-9]+)(?:(?:-(\d{1,9}))?(\.index))?$/;
function contentOf(name: string): Content | null {
  const [, id, attempt, index] = CONTENT.exec(name) ?? [];
  return id === undefined ? null : { name, id, countAttempt: index === undefined ? null : Number(attempt ?? 1) };
}

export const startSweepingFiles = ({ pool, store, log, pollMs = 3_600_000 }: FileSweepOptions): Repeating =>
  repeat(
    async (signal) => {
      while (!signal.aborted && (await deleteAbandoned(pool, PAGE)) === PAGE);
      const restore = await readRestore(pool);
      if (restore && Date.now() - restore.restoredAt.getTime() < UNNAMED_MS_MIN) return;
      let contents: Content[] = [];
      for await (const name of store.listOld(UNNAMED_MS_MIN)) {
        const content = contentOf(name);
        if (content) contents.push(content);
        if (contents.length < PAGE) continue;
        await removeUnnamed({ pool, store, log }, contents);
        if (signal.aborted) return;
        contents = [];
      }
      await removeUnnamed({ pool, store, log }, contents);
    },
    pollMs,
    (error) => log.warn({ error: error.message }, 'the file store can not be swept; trying again'),
  );

/** One that can't be removed holds up no other. */
async function removeUnnamed({ pool, store, log }: FileSweepOptions, contents: readonly Content[]): Promise<void> {
  for (const name of await listUnnamed(pool, contents)) {
    try {
      await store.remove(name);
      log.warn({ file: name }, 'a file that no row names was removed: its writer has died');
    } catch (error) {
      log.warn({ error: (error as Error).message, file: name }, 'a file that no row names can not be removed');
    }
  }
}
