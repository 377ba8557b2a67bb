/**
 * Tells batches on the same machine that gates and usage are asked: a file is touched meanwhile (L5). A file, because it
 * says just what matters, that both run on one machine, and a process that dies leaves it untouched. Only answers to
 * callers whose key is good count: whoever has one can keep batches slow by asking, which is what the file is to say.
 */
import { utimes, writeFile } from 'node:fs/promises';

const TOUCH_MS = 250;
/** Answers in the last two of these intervals together: 20 a second. Below that nobody's wait is worth that of batches. */
const ANSWERS_MIN = 10;

export type BusyFile = { close(): void };

/**
 * @param answered how many answers inference has waited for since the process began
 * @param onError told of the first of several failures in a row: batches then go at full speed
 */
export function keepBusyFile(file: string, answered: () => number, onError: (error: Error) => void): BusyFile {
  let isTouching = false;
  let failed = false;

  async function touch(): Promise<void> {
    if (isTouching) return;
    isTouching = true;
    try {
      const now = new Date();
      // It is not there at first.
      await utimes(file, now, now).catch(() => writeFile(file, '', { mode: 0o600 }));
      failed = false;
    } catch (error) {
      if (!failed) onError(error as Error);
      failed = true;
    }
    isTouching = false;
  }

  let [before, between] = [answered(), answered()];
  const timer = setInterval(() => {
    const now = answered();
    if (now - before >= ANSWERS_MIN) void touch();
    [before, between] = [between, now];
  }, TOUCH_MS).unref();
  return { close: () => clearInterval(timer) };
}
