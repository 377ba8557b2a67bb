/** Takes gates that a restored dump has brought from another server into this one's history. */
import type { Db } from '../db';

/** Each holds the locks of its accounts until it commits. */
const BATCH_ACCOUNTS = 1_000;

/**
 * A gate carries the id of the transaction that changed it. Where that is of another server, and still ahead here, the
 * gate would be read at every look for changes, for as long as it takes this server to count so far. Finds nothing, by an
 * index, on a server whose history it is.
 */
export async function adoptGates(db: Db): Promise<void> {
  for (let adopted = BATCH_ACCOUNTS; adopted === BATCH_ACCOUNTS;) {
    const { rowCount } = await db.query({
      name: 'adopt-gates',
      text: `update balances set gate_changed_xid = pg_current_xact_id() where account_id in (
               select account_id from balances where gate_changed_xid >= pg_snapshot_xmax(pg_current_snapshot())
               order by account_id limit $1 for no key update)`,
      values: [BATCH_ACCOUNTS],
    });
    adopted = rowCount ?? 0;
  }
}
