/** Waits for something, but not longer than a given time. */

/**
 * What it resolves or rejects with, or after `ms` the rejection that `late` makes. The work itself goes on, and its end is
 * ignored. What has arrived in time, but was not read yet because this process was busy, is in time.
 */
export function within<T>(ms: number, work: Promise<T>, late: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => setImmediate(() => reject(late())), ms);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
