/** Copies folders of files that are never changed once they are whole: into a backup, and back. */
import { constants } from 'node:fs';
import { copyFile, mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';

/** What is being written lies in a folder below, or under a name with `.part`: neither is copied. */
const isWhole = (name: string): boolean => !name.includes('.part');

/** Copies what the target has not; nothing there is replaced or removed. @returns how many; 0 where there is no such folder */
export async function copyFiles(from: string, to: string): Promise<number> {
  const entries = await readdir(from, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  await mkdir(to, { recursive: true, mode: 0o700 });
  const there = new Set(await readdir(to));
  const missing = entries.filter((entry) => entry.isFile() && isWhole(entry.name) && !there.has(entry.name));
  let copied = 0;
  for (const { name } of missing) {
    const path = join(to, name);
    // A copy that is cut off is not taken for a whole file.
    const isThere = await copyFile(join(from, name), `${path}.part`, constants.COPYFILE_FICLONE).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        // It was deleted meanwhile, as its owner had asked.
        if (error.code === 'ENOENT') return false;
        throw error;
      },
    );
    if (!isThere) continue;
    await rename(`${path}.part`, path);
    copied += 1;
  }
  return copied;
}
