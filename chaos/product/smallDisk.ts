/** A small disk for a campaign's data, which can be filled: a file system in a file, where the system lets us mount one. */
import { spawnSync } from 'node:child_process';
import { closeSync, cpSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type CampaignDisk = {
  folder: string;
  /** False: it is a folder like any other, and no fault may fill it. */
  canBeFilled: boolean;
  fill(): void;
  free(): void;
  /** Removes all, or keeps it in a folder of a usual disk and says where. */
  close(keep: boolean): string | null;
};

/** Several times what a campaign of 300 faults writes. */
const SIZE = '3G';
const PIECE = 2 ** 22;

export function openDisk(): CampaignDisk {
  const folder = mkdtempSync(join(tmpdir(), 'ballast-chaos-'));
  const image = `${folder}.image`;
  const mounts = process.platform === 'linux' && mount(image, folder);
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

function fillUp(file: string): void {
  const descriptor = openSync(file, 'a');
  const zeros = Buffer.alloc(PIECE);
  for (let size = PIECE; size >= 2 ** 12;) {
    try {
      writeSync(descriptor, zeros, 0, size);
    } catch {
      size /= 2;
    }
  }
  closeSync(descriptor);
}

/** With its owners and modes: Postgres has a user of its own. */
function copyOf(folder: string): string {
  const copy = mkdtempSync(join(tmpdir(), 'ballast-chaos-kept-'));
  const copied = spawnSync('cp', ['-a', `${folder}/.`, copy]).status === 0;
  if (!copied) cpSync(folder, copy, { recursive: true });
  return copy;
}
