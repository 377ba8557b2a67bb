/** Where files lie: a folder, behind an interface that an object store could have as well (L2). */
import { once } from 'node:events';
import { createReadStream, createWriteStream, fdatasync, type WriteStream } from 'node:fs';
import { mkdir, open, opendir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import type { StoreOwner } from '../ledger/files/readStoreOwner';
import { createMarker } from './storeMarker';

export type FileStore = {
  /**
   * Keeps what the stream brings, whole or not at all: a stream that breaks off leaves nothing. Throws what the stream
   * throws, else `StoreUnavailable`. That may come after the content lies in its place, and a process may die there: so
   * each try has a name of its own, which a row has before the first byte, and whoever has reserved it removes it.
   */
  write(name: string, content: AsyncIterable<Buffer> | Readable): Promise<void>;
  /** From `start` on, `length` bytes or to the end. Throws `FileGone` when there is no such file, else `StoreUnavailable`. */
  read(name: string, range?: { start: number; length: number }): Promise<Readable>;
  /** In bytes; null when there is no such file. */
  size(name: string): Promise<number | null>;
  /** Harmless when there is none. What is still being written under this name can't come into its place after that. */
  remove(name: string): Promise<void>;
  /** Removes what writers have left that died. */
  sweep(): Promise<void>;
  /** Names of what was last written so long ago or longer. */
  listOld(ageMs: number): AsyncGenerator<string>;
  /** Throws `StoreUnavailable` when the folder is not there, not mounted, or another deployment's. Each method checks it too. */
  check(): Promise<void>;
};

export class FileGone extends Error {
  constructor(name: string) {
    super(`the file ${name} is not in the store`);
    this.name = 'FileGone';
  }
}

/** The disk is full, fails or may not be written: it may do it at a later time. */
export class StoreUnavailable extends Error {
  constructor(name: string, cause: unknown) {
    super(`the file store can not write or read ${name}: ${(cause as Error).message}`, { cause });
    this.name = 'StoreUnavailable';
  }
}

/** Names are ours: ids, with an ending at most. */
const NAME = /^[A-Za-z0-9_-]{1,80}(\.[a-z]{1,16})?$/;
/** What is being written lies apart, under its name: there it can be removed, too. */
const PARTIAL = 'partial';
/** No writer takes so long: it has died. */
const PARTIAL_MS_MAX = 86_400_000;
const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

/**
 * A folder that is not mounted is no empty store: what is missing in it is `StoreUnavailable`, and nothing is written or
 * counted as removed.
 * @param folder made when it is not there, readable by its user only
 * @param readOwner whose the folder must be. @default whoever's
 */
export function createFolderStore(folder: string, readOwner?: () => Promise<StoreOwner>): FileStore {
  const marker = readOwner && createMarker(folder, readOwner);
  const check = async (name: string): Promise<void> =>
    marker?.check().catch((error: unknown) => {
      throw new StoreUnavailable(name, error);
    });
  const pathOf = (name: string): string => {
    if (!NAME.test(name)) throw new RangeError(`${JSON.stringify(name)} is no name of a file in the store`);
    return join(folder, name);
  };
  const partialOf = (name: string): string => join(folder, PARTIAL, name);

  return {
    async write(name, content) {
      const path = pathOf(name);
      const source = watch(content);
      await check(name);
      try {
        await mkdir(join(folder, PARTIAL), { recursive: true, mode: 0o700 });
        await writeWhole(path, partialOf(name), source.content);
        await syncFolder(folder);
      } catch (error) {
        if (source.failed()) throw error;
        throw new StoreUnavailable(name, error);
      }
      // The folder may have gone meanwhile: then what was written lies where nobody will look.
      await check(name);
    },
    async read(name, range) {
      const path = pathOf(name);
      const end = range && range.start + range.length - 1;
      const stream = createReadStream(path, { ...(range && { start: range.start, end }) });
      try {
        await once(stream, 'open');
      } catch (error) {
        if (!isMissing(error)) throw new StoreUnavailable(name, error);
        await check(name);
        throw new FileGone(name);
      }
      return stream;
    },
    async size(name) {
      return stat(pathOf(name)).then(
        ({ size }) => size,
        async (error: unknown) => {
          if (!isMissing(error)) throw error;
          await check(name);
          return null;
        },
      );
    },
    async remove(name) {
      const path = pathOf(name);
      // In this order: a writer that is about to move it into its place finds nothing to move, or has moved it before.
      await rm(partialOf(name), { force: true });
      await rm(path, { force: true });
      // Only now: the folder may have gone in between.
      await check(name);
    },
    async *listOld(ageMs) {
      await check(folder);
      for await (const entry of await opendir(folder)) {
        if (!entry.isFile() || !NAME.test(entry.name)) continue;
        const written = await stat(join(folder, entry.name)).catch(() => null);
        if (written && Date.now() - written.mtimeMs > ageMs) yield entry.name;
      }
    },
    check: () => check(folder),
    async sweep() {
      await check(folder);
      await removeOldPartials(join(folder, PARTIAL));
    },
  };
}

async function removeOldPartials(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  for (const name of names) {
    const path = join(folder, name);
    const written = await stat(path).catch(() => null);
    if (written && Date.now() - written.mtimeMs > PARTIAL_MS_MAX) await rm(path, { force: true });
  }
}

/** Of what comes, so much waits to be written while it comes: then neither waits for the other. */
const AHEAD_BYTES = 1024 * 1024;
/** What was written is flushed while more comes: at the end there is little left to wait for. */
const FLUSHED_AT_ONCE_BYTES = 32 * 1024 * 1024;

/** Written, flushed and in its place, or not there. */
async function writeWhole(path: string, partial: string, content: AsyncIterable<Buffer>): Promise<void> {
  // `wx`: two writers of one name would mix, and the second has nothing to remove.
  const file = createWriteStream(partial, { flags: 'wx', mode: 0o600, flush: true, highWaterMark: AHEAD_BYTES });
  const closed = new Promise<void>((resolve) => file.once('close', () => resolve()));
  try {
    await pipeline(flushing(file, content), file);
    await rename(partial, path);
  } catch (error) {
    // A file that is still being opened would come into being after it was removed.
    file.destroy();
    await closed;
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') await rm(partial, { force: true });
    throw error;
  }
}

const flush = promisify(fdatasync);

async function* flushing(file: WriteStream, content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let descriptor: number | null = null;
  file.once('open', (opened: number) => (descriptor = opened));
  let unflushed = 0;
  let flushed: Promise<unknown> | null = null;
  let failure: Error | null = null;
  for await (const chunk of content) {
    yield chunk;
    unflushed += chunk.length;
    if (descriptor === null || flushed !== null || unflushed < FLUSHED_AT_ONCE_BYTES) continue;
    unflushed = 0;
    // An error is told once: whoever flushes next would hear nothing of it.
    flushed = flush(descriptor)
      .catch((error: Error) => (failure ??= error))
      .then(() => (flushed = null));
  }
  await flushed;
  if (failure !== null) throw failure as Error;
}

/** Tells an error of the content from one of the disk: the first is its caller's. */
function watch(content: AsyncIterable<Buffer> | Readable): { content: AsyncIterable<Buffer>; failed(): boolean } {
  let failed = false;
  async function* watched(): AsyncGenerator<Buffer> {
    try {
      yield* content as AsyncIterable<Buffer>;
    } catch (error) {
      failed = true;
      throw error;
    }
  }
  return { content: watched(), failed: () => failed };
}

/** A rename is durable only once its folder is. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A part of a file as one piece: for what is known to be small. */
export async function readRange(
  store: FileStore,
  name: string,
  range: { start: number; length: number },
): Promise<Buffer> {
  const content = await store.read(name, range);
  try {
    return Buffer.concat((await content.toArray()) as Buffer[]);
  } catch (error) {
    throw new StoreUnavailable(name, error);
  }
}
