/** Gives back what is held by all of an account's open holds: nothing comes of their requests any more (B5). */
import type { Tx } from '../db';

/** The caller holds the account's lock. */
export async function releaseHolds(tx: Tx, accountId: string): Promise<void> {
  await tx.query(
    `with released as (
       update holds set status = 'released', released_nano = amount_nano, ended_at = clock_timestamp()
       where account_id = $1 and status = 'open' returning amount_nano
     )
     update balances set held_nano = held_nano - (select coalesce(sum(amount_nano), 0) from released)
     where account_id = $1 and exists (select from released)`,
    [accountId],
  );
}
