/** The lock of one PaymentIntent: held while the provider is asked, which no account's lock may be (P5). */
import type { Pool, PoolClient } from 'pg';
import { unavailable } from '../../domain/errors';
import { transactionOn, type Tx } from '../db';

/** What runs under the lock: transactions on the connection that holds it, so that a lost lock means a lost transaction. */
export type Locked = { transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> };

/** Each holder keeps a connection while it waits for the provider: others must not run out of them. */
const HOLDERS_MAX = 3;
/** Longer than a holder's calls take together. */
const WAIT_MS_MAX = 20_000;

/**
 * Runs `work` alone among all processes that work on this PaymentIntent. No transaction is open between those that
 * `work` begins, and the lock goes with its connection: a process that dies leaves nothing locked. Throws
 * `payments_unavailable` when the lock is not to be had in time: nothing was done.
 */
export async function withPaymentLock<T>(
  pool: Pool,
  paymentIntentId: string,
  work: (locked: Locked) => Promise<T>,
): Promise<T> {
  const leave = await placesOf(pool).enter();
  try {
    const client = await pool.connect();
    let broken: Error | undefined;
    const onBroken = (error: Error): void => void (broken = error);
    try {
      await lock(client, paymentIntentId, onBroken);
      return await work({ transaction: (inside) => transactionOn(client, inside, onBroken) });
    } finally {
      // A broken connection takes the lock with it.
      if (broken === undefined)
        await client.query('select pg_advisory_unlock(hashtextextended($1, 0))', [paymentIntentId]).catch(onBroken);
      client.release(broken);
    }
  } finally {
    leave();
  }
}

/** The lock belongs to the session, so it outlives the transaction that bounds the wait for it. */
async function lock(client: PoolClient, paymentIntentId: string, onBroken: (error: Error) => void): Promise<void> {
  await transactionOn(
    client,
    async (tx) => {
      await tx.query(`set local lock_timeout = ${WAIT_MS_MAX}`);
      await tx.query('select pg_advisory_lock(hashtextextended($1, 0))', [paymentIntentId]);
    },
    onBroken,
  );
}

const places = new WeakMap<Pool, Places>();

function placesOf(pool: Pool): Places {
  const existing = places.get(pool) ?? new Places(HOLDERS_MAX);
  places.set(pool, existing);
  return existing;
}

/** So many at once; the others wait in line, but not for ever. */
class Places {
  private readonly waiting = new Set<() => void>();

  constructor(private free: number) {}

  /** Resolves with what gives the place back. */
  async enter(): Promise<() => void> {
    if (this.free > 0) this.free -= 1;
    else await this.turn();
    return () => {
      const [next] = this.waiting;
      if (next) next();
      else this.free += 1;
    };
  }

  private turn(): Promise<void> {
    return new Promise((resolve, reject) => {
      const take = (): void => {
        clearTimeout(timer);
        this.waiting.delete(take);
        resolve();
      };
      const timer = setTimeout(() => {
        this.waiting.delete(take);
        reject(unavailable('payments_unavailable', 'Too much is being asked of the payment provider now; ask again.'));
      }, WAIT_MS_MAX);
      this.waiting.add(take);
    });
  }
}
