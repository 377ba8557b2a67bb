/** The download cache outside the repository, shared by all checkouts of one user. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

export function cacheDir(): string {
  const base = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const dir = resolve(base, 'ballast');
  mkdirSync(dir, { recursive: true });
  return dir;
}

/**
 * Fills a new folder beside `target` and renames it into place, so that `target` is whole or absent:
 * a killed install leaves no half, and of two at once the first to finish wins.
 */
export async function installOnce(target: string, fill: (folder: string) => Promise<void>): Promise<void> {
  if (existsSync(target)) return;
  mkdirSync(dirname(target), { recursive: true });
  const folder = mkdtempSync(`${target}.part-`);
  try {
    await fill(folder);
    try {
      renameSync(folder, target);
    } catch (error) {
      if (!existsSync(target)) throw error;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
