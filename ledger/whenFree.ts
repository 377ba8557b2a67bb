/** Work that needs tables to itself: it waits for them in short tries, so that nobody waits behind it for long. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Tx } from './db';

/** Whoever comes behind a waiting lock waits as well: so much, each try. */
export const LOCK_TRY_MS = 100;
const LOCK_NOT_AVAILABLE = '55P03';

/** Whether a statement has waited for a lock as long as it may: nothing of it is done. */
export const isLockTimeout = (error: unknown): boolean => (error as { code?: string }).code === LOCK_NOT_AVAILABLE;

/** How often, and how far apart: a random time up to `pauseMs`, and half of it at least. */
export type Tries = { triesMax: number; pauseMs: number };

/** Does `work`, which sets a lock_timeout, until it finds its locks free. Throws the last lock timeout, and any other error at once. */
export async function whenFree<T>(work: () => Promise<T>, { triesMax, pauseMs }: Tries): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!isLockTimeout(error) || attempt === triesMax) throw error;
      await sleep(pauseMs * (0.5 + Math.random() / 2));
    }
  }
}

/** The same for a lock inside a transaction, which keeps what it has done before. @param lock SQL, such as `lock table …` */
export function lockWhenFree(tx: Tx, lock: string, tries: Tries): Promise<void> {
  return whenFree(async () => {
    await tx.query(`savepoint lock; set local lock_timeout = ${LOCK_TRY_MS}`);
    try {
      await tx.query(lock);
    } catch (error) {
      await tx.query('rollback to savepoint lock; release savepoint lock');
      throw error;
    }
  }, tries);
}
