/** A small disk for a campaign's data, which can be filled: a file system in a file, where the system lets us mount one. */
import { spawnSync } from 'node:child_process';
import { closeSync, cpSync, mkdtempSync, openSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export type CampaignDisk = {
  folder: string;
  /** False: it is a folder like any other, and no fault may fill it. */
  canBeFilled: boolean;
  /** Whether it is full now. */
  fill(): boolean;
  free(): void;
  /** Removes all, or keeps it in a folder of a usual disk and says where. */
  close(keep: boolean): string | null;
};

/** Several times what a campaign of 300 faults writes. */
const SIZE = '3G';
const BLOCK = 4_096;

/** @param isSmall false: a folder like any other will do */
export function openDisk(isSmall: boolean): CampaignDisk {
  const folder = mkdtempSync(join(tmpdir(), 'ballast-chaos-'));
  const image = `${folder}.image`;
  const mounts = isSmall && process.platform === 'linux' && mount(image, folder);
  if (!mounts) rmSync(image, { force: true });
  const filler = join(folder, 'filler');
  return {
    folder,
    canBeFilled: mounts,
    fill: () => fillUp(filler),
    free: () => rmSync(filler, { force: true }),
    close(keep) {
      rmSync(filler, { force: true });
      const kept = keep ? (mounts ? copyOf(folder) : folder) : null;
      if (mounts) spawnSync('umount', ['-l', folder]);
      rmSync(image, { force: true });
      if (kept !== folder) rmSync(folder, { recursive: true, force: true });
      return kept;
    },
  };
}

/** What is written to it is synced to the real disk, as it would be without. */
function mount(image: string, folder: string): boolean {
  const steps: [string, string[]][] = [
    ['truncate', ['-s', SIZE, image]],
    ['mkfs.ext4', ['-q', '-F', '-m', '0', image]],
    ['mount', ['-o', 'loop', image, folder]],
  ];
  return steps.every(([command, args]) => spawnSync(command, args, { stdio: 'ignore' }).status === 0);
}

const ROUNDS_MAX = 8;

/** Takes all that is free at once, without writing it: the proxies of the campaign run in this process, and must not stand still. */
function fillUp(file: string): boolean {
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const { bavail, bsize } = statfsSync(dirname(file));
    if (bavail === 0) break;
    const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    spawnSync('fallocate', ['-o', String(size), '-l', String(bavail * bsize), file], { stdio: 'ignore' });
  }
  const descriptor = openSync(file, 'a');
  try {
    for (;;) writeSync(descriptor, Buffer.alloc(BLOCK));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOSPC';
  } finally {
    closeSync(descriptor);
  }
}

/** With its owners and modes: Postgres has a user of its own. */
function copyOf(folder: string): string {
  const copy = mkdtempSync(join(tmpdir(), 'ballast-chaos-kept-'));
  const copied = spawnSync('cp', ['-a', `${folder}/.`, copy]).status === 0;
  if (!copied) cpSync(folder, copy, { recursive: true });
  return copy;
}
