/** Lists the accounts whose workflow should have acted by now and has not; the relay wakes it (O4). */
import type { Db } from '../db';

/** Accounts whose workflow has news to fold, or should have moved on by now: a reload, the end of a guard, a mail that waits. */
export async function listAccountsToWake(db: Db, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ account_id: string }>({
    name: 'accounts-to-wake',
    text: `(select account_id from balances where wake limit $1)
      union
      (select account_id from reloads where closed_at is null and due_at < now() - interval '20 seconds' limit $1)
      union
      (select r.account_id from reloads r join payments p on p.id = r.id
       where p.status = 'processing' and greatest(r.closed_at, p.cancel_due_at) < now() - interval '20 seconds' limit $1)
      union
      (select account_id from account_states
       where (blocked_until is not null or told_suspended = 'due')
         and (blocked_until < now() - interval '20 seconds' or (told_suspended = 'due' and flag_since < now() - interval '80 seconds')) limit $1)`,
    values: [limit],
  });
  return rows.map((row) => row.account_id);
}
