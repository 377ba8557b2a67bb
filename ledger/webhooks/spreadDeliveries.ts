/** Spreads the webhooks of accounts that have many to start (N2). */
import type { Db } from '../db';

/** So many that are due are looked at, the oldest. */
export const DUE_SEEN_MAX = 1_000;
/** Of an account so many are started in a second when there are many. */
const STARTS_A_SECOND = 50;

/**
 * Gives a later start to those of an account that are due beyond the first so many: they would stand before those of all
 * others. Where there is room all the same, it costs them seconds. Leaves out those that another transaction holds: two
 * workers that waited for each other's would be a deadlock.
 */
export async function spreadDeliveries(db: Db, firstOfAccount: number): Promise<void> {
  await db.query({
    name: 'spread-webhooks',
    text: `
      update webhook_deliveries w set start_at = now() + make_interval(secs => (due.place - $2)::float8 / $3)
      from (
        select d.id, row_number() over (partition by e.account_id order by d.start_at) as place
        from (
          select id, endpoint_id, start_at from webhook_deliveries where status = 'pending' and start_at <= now() order by start_at limit $1
          for no key update skip locked
        ) d join webhook_endpoints e on e.id = d.endpoint_id
      ) due
      where w.id = due.id and due.place > $2 and w.status = 'pending' and w.start_at <= now()`,
    values: [DUE_SEEN_MAX, firstOfAccount, STARTS_A_SECOND],
  });
}
