/** Posts usage of the accounts that nobody has locked, and says whose it has left out. */
import type { Pool } from 'pg';
import { textsLiteral } from '../arrayLiteral';
import { lockBalance } from '../accounts/lockBalance';
import { transaction, type Tx } from '../db';
import { isLockTimeout } from '../whenFree';
import { postUsage, type PostedUsage, type PricedEvent } from './postUsage';

/** `locked`: accounts that somebody has locked; nothing of their events was taken, and they may be sent again. */
export type PostedUnlocked = PostedUsage & { locked: ReadonlySet<string> };

export const NONE_LOCKED: ReadonlySet<string> = new Set();

/** For one account, where no other is free: several times what a commit of usage takes. */
const TURN_MS = 500;
/** For what else may be locked: it is waited for with accounts locked. */
const LOCK_MS = 1_000;

/**
 * Waits for no account while it has another locked: otherwise it is as `postUsage`, in four round trips more. Where none
 * is free it waits for one of them, which gives this its turn with an account that others post for all the time.
 */
export function postUnlocked(pool: Pool, events: readonly PricedEvent[]): Promise<PostedUnlocked> {
  return transaction(pool, async (tx) => {
    const accounts = [...new Set(events.map(({ accountId }) => accountId))];
    let locked = await lockOthers(tx, accounts);
    if (locked.size === accounts.length) {
      const one = accounts[Math.floor(Math.random() * accounts.length)]!;
      if (!(await hasTurn(tx, one))) return { positions: new Map(), notPosted: new Map(), locked };
      // Who has given it back has given back the others too.
      locked = await lockOthers(tx, accounts);
    }
    await tx.query(`set local lock_timeout = ${LOCK_MS}`);
    const places = [...events.keys()].filter((place) => !locked.has(events[place]!.accountId));
    const { positions, notPosted } = await postUsage(
      tx,
      places.map((place) => events[place]!),
    );
    return { positions, notPosted: new Map([...notPosted].map(([i, why]) => [places[i]!, why])), locked };
  });
}

/** Locks the accounts that are not locked, and answers which are. Who waits for nobody is in no circle of waiting. */
async function lockOthers(tx: Tx, accounts: readonly string[]): Promise<Set<string>> {
  const { rows } = await tx.query<{ account_id: string }>({
    name: 'lock-unlocked',
    text: `with free as (select account_id from balances where account_id = any ($1) for no key update skip locked)
           select account_id from balances where account_id = any ($1) except select account_id from free`,
    values: [textsLiteral(accounts)],
  });
  return new Set(rows.map((row) => row.account_id));
}

/** Waits for an account's lock; else the transaction is of no more use. */
async function hasTurn(tx: Tx, accountId: string): Promise<boolean> {
  await tx.query(`set local lock_timeout = ${TURN_MS}`);
  try {
    return await lockBalance(tx, accountId);
  } catch (error) {
    if (isLockTimeout(error)) return false;
    throw error;
  }
}
