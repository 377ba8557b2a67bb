/** Ends what runs beside Temporal in a worker process. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Repeating } from './repeat';

/** With the 5 s that activities have to finish, less than a supervisor waits before it kills. */
const SHUT_DOWN_MS_MAX = 3_000;

/**
 * Stops the loops, then closes what they used. A loop that is not done in time, as one whose call waits for a Temporal that is
 * away, is cut off by the end of the process: rows say what it has still to do.
 */
export async function shutDown(loops: readonly Repeating[], close: () => Promise<unknown>): Promise<void> {
  const orderly = Promise.all(loops.map((loop) => loop.stop())).then(close);
  await Promise.race([orderly, sleep(SHUT_DOWN_MS_MAX)]);
}
