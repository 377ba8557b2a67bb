/** Posts usage of the accounts that nobody has locked, and says whose it has left out. */
import type { Pool } from 'pg';
import { textsLiteral } from '../arrayLiteral';
import { transaction, type Tx } from '../db';
import { postUsage, type PostedUsage, type PricedEvent } from './postUsage';

/** `locked`: accounts that somebody has locked; nothing of their events was taken, and they may be sent again. */
export type PostedUnlocked = PostedUsage & { locked: ReadonlySet<string> };

export const NONE_LOCKED: ReadonlySet<string> = new Set();

/** What else it waits for, its caller has waited for in vain. */
const LOCK_MS = 1_000;

/** Waits for no account: otherwise it is as `postUsage`, in four round trips more. */
export function postUnlocked(pool: Pool, events: readonly PricedEvent[]): Promise<PostedUnlocked> {
  return transaction(pool, async (tx) => {
    await tx.query(`set local lock_timeout = ${LOCK_MS}`);
    const locked = await lockOthers(tx, [...new Set(events.map(({ accountId }) => accountId))]);
    const places = [...events.keys()].filter((place) => !locked.has(events[place]!.accountId));
    if (places.length === 0) return { positions: new Map(), notPosted: new Map(), locked };
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
