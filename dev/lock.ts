/** The lock of a data directory: of any number of starters exactly one holds it, and a dead one never does. */
import { randomUUID } from 'node:crypto';
import { linkSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { privateDirectory } from './files';
import { describeProcess, isRunning, type ProcessRecord } from './leftovers';

export interface Lock {
  release(): void;
}

/** What a lock file says: who took it, or that its holder gave it back. */
type Holder = ProcessRecord | { released: true };

/** Far more than can be taken and given back while somebody reads the directory. */
const KEPT_TURNS = 20;
const TURN = /^\d+$/;

/**
 * Each taking of the lock is a turn, a file with a number. The newest turn says who holds the lock; the next can be taken
 * when that process has given it back or is gone. A turn is taken by linking a file that is complete, which the system
 * does for one of several only, and is never taken back: so a lock of a dead process needs no removal that could hit a new holder.
 * Throws when a living process holds it.
 */
export function takeLock(directory: string, busy: (pid: number) => Error): Lock {
  privateDirectory(directory);
  const mine = join(directory, `.${randomUUID()}`);
  writeFileSync(mine, JSON.stringify(describeProcess(process.pid)), { mode: 0o600 });
  try {
    for (;;) {
      const newest = newestTurn(directory);
      const holder = newest === 0 ? null : readHolder(join(directory, String(newest)));
      if (holder && !('released' in holder) && isRunning(holder)) throw busy(holder.pid);
      const turn = newest + 1;
      if (!link(mine, join(directory, String(turn)))) continue; // another was quicker: it may hold the lock now
      // Who has slept since it read the directory may have linked a number whose file was cleared away.
      if (newestTurn(directory) !== turn) continue;
      clearOldTurns(directory, turn);
      return { release: () => release(directory, turn) };
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

/** Null when the file was cleared away since, or is torn: a file is linked whole, so only a power failure tears it, and its holder is gone. */
function readHolder(file: string): Holder | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Holder;
  } catch {
    return null;
  }
}

const turnsIn = (directory: string): number[] =>
  readdirSync(directory)
    .filter((name) => TURN.test(name))
    .map(Number);

const newestTurn = (directory: string): number => Math.max(0, ...turnsIn(directory));

/** False when the name is taken. */
function link(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function clearOldTurns(directory: string, turn: number): void {
  for (const old of turnsIn(directory))
    if (old <= turn - KEPT_TURNS) rmSync(join(directory, String(old)), { force: true });
}

/** On a full disk it can't be noted; the lock is free all the same once this process is gone. */
function release(directory: string, turn: number): void {
  const note = join(directory, `.${randomUUID()}`);
  try {
    writeFileSync(note, JSON.stringify({ released: true } satisfies Holder), { mode: 0o600 });
    renameSync(note, join(directory, String(turn)));
  } catch {
    rmSync(note, { force: true });
  }
}
