/** The marker of a store's folder: it tells a folder that is not mounted, or another deployment's, from lost files (L2). */
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoreOwner } from '../ledger/files/readStoreOwner';

/** No name of a file in the store begins like this. */
export const MARKER = '.ballast';

export type Marker = {
  /**
   * Throws unless the folder is this deployment's. Calls that overlap share one look, so that a disk that hangs holds one
   * thread of the process at most.
   */
  check(): Promise<void>;
};

/**
 * A folder without a marker is taken when no file is expected in it, or when an expected one is there (its marker is from
 * before there were markers, or was left out of a backup); so is a folder with another marker, when an expected file is there.
 * @param readOwner asked only when the marker is not what it was
 */
export function createMarker(folder: string, readOwner: () => Promise<StoreOwner>): Marker {
  const path = join(folder, MARKER);
  let known: string | null = null;
  let checking: Promise<void> | null = null;

  async function look(): Promise<void> {
    const marker = await readMarker(path);
    if (marker !== null && marker === known) return;
    const owner = await readOwner();
    if (marker !== owner.id) {
      const isNew = marker === null && owner.expected.length === 0;
      if (!isNew && !(await hasAny(folder, owner.expected)))
        throw new Error(
          marker === null
            ? `${path} is not there, and none of the files that should be beside it: is the folder mounted? If they are lost for good, write ${owner.id} into it`
            : `${path} is another deployment's: FILES_DIR is the wrong folder. If it is the right one, and the database was restored from an older backup, write ${owner.id} into it`,
        );
      await mkdir(folder, { recursive: true, mode: 0o700 });
      // Whole or not there: another process may look at the same moment.
      const partial = `${path}.${randomUUID()}`;
      try {
        await writeFile(partial, owner.id, { mode: 0o600, flush: true });
        await rename(partial, path);
      } finally {
        await rm(partial, { force: true });
      }
    }
    known = owner.id;
  }

  return {
    check: () =>
      (checking ??= look().finally(() => {
        checking = null;
      })),
  };
}

/** Whose the folder is; null without a marker. An empty one is none: it was cut short. */
export const readMarker = (path: string): Promise<string | null> =>
  readFile(path, 'utf8').then(
    (text) => text.trim() || null,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    },
  );

async function hasAny(folder: string, names: readonly string[]): Promise<boolean> {
  for (const name of names) {
    const isThere = await stat(join(folder, name)).then(
      (found) => found.isFile(),
      () => false,
    );
    if (isThere) return true;
  }
  return false;
}
