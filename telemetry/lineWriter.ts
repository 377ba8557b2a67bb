/** Writes lines to a file descriptor without ever throwing, waiting or ending the process: a full disk or a dead reader must not stop money or gates. */
import { write, writeSync } from 'node:fs';

export type LineWriter = {
  /** Takes a whole line with its line break. Returns at once; what can't be written waits, within bounds. */
  write(line: string): void;
};

export type LineWriterOptions = {
  /** Told when writing works again after lines were dropped. */
  onLost?: (lines: number) => void;
  /** What may wait; lines beyond it are dropped and counted. @default 1 MiB */
  waitingBytesMax?: number;
  /** After a failed write. @default 1000 */
  retryMs?: number;
};

/** Nobody reads there any more, and nobody will. */
const CLOSED = new Set(['EPIPE', 'EBADF', 'ECONNRESET']);
/** A pipe that does not block and is full takes more as soon as its reader has read. */
const BUSY_MS = 20;
/** A write that takes longer is blocked by its reader: the end of the process does not wait for it. */
const BLOCKED_MS = 500;

/**
 * Writes in the background, one write at a time. An error such as ENOSPC leaves the lines waiting, and they are tried again
 * each `retryMs`; a reader that has stopped reading blocks only the thread that writes. What waits when the process ends is tried once more.
 */
export function createLineWriter(
  fd: number,
  { onLost, waitingBytesMax = 2 ** 20, retryMs = 1_000 }: LineWriterOptions = {},
): LineWriter {
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let lost = 0;
  /** What is being written, or is left of it after a part was written: a line is never torn. */
  let rest: Buffer | null = null;
  let writingSinceMs: number | null = null;
  let retry: NodeJS.Timeout | null = null;
  let closed = false;

  function next(): void {
    if (closed || writingSinceMs !== null || retry !== null) return;
    rest ??= takeWaiting();
    if (rest === null) return;
    writingSinceMs = performance.now();
    write(fd, rest, written);
  }

  function takeWaiting(): Buffer | null {
    if (waiting.length === 0) return null;
    const all = Buffer.concat(waiting);
    waiting = [];
    return all;
  }

  function written(error: NodeJS.ErrnoException | null, bytes: number): void {
    writingSinceMs = null;
    if (error && CLOSED.has(error.code ?? '')) {
      closed = true;
      waiting = [];
      rest = null;
    } else if (error) {
      const waitMs = error.code === 'EAGAIN' ? BUSY_MS : retryMs;
      retry = setTimeout(() => ((retry = null), next()), waitMs).unref();
    } else {
      advance(bytes);
      tellLost();
      next();
    }
  }

  function advance(bytes: number): void {
    waitingBytes -= bytes;
    rest = bytes < rest!.length ? rest!.subarray(bytes) : null;
  }

  function tellLost(): void {
    if (lost === 0 || rest !== null) return;
    const lines = lost;
    lost = 0;
    onLost?.(lines);
  }

  process.on('exit', () => {
    if (closed || (writingSinceMs !== null && performance.now() - writingSinceMs > BLOCKED_MS)) return;
    const last = [...(writingSinceMs === null && rest ? [rest] : []), ...waiting];
    try {
      if (last.length > 0) writeSync(fd, Buffer.concat(last));
    } catch {
      // There is nowhere left to say it.
    }
  });

  return {
    write(line) {
      if (closed) return;
      const bytes = Buffer.from(line);
      if (waitingBytes + bytes.length > waitingBytesMax) return void (lost += 1);
      waiting.push(bytes);
      waitingBytes += bytes.length;
      next();
    },
  };
}
