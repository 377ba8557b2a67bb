/** What an account's usage has cost lately, for advice (A16): by the sums per day (B7), and in the last hour. */
import type { Spending } from '../../domain/advice';
import type { Nano } from '../../domain/money';
import type { Db } from '../db';

type Row = {
  spent_nano: Nano;
  dearest_nano: Nano;
  began_at: Date;
  hour_nano: Nano;
  is_cut: boolean;
  hour_began_at: Date | null;
};

/** Days are UTC's, by the events' `at`. An account without usage, or an unknown one, has spent 0. */
export async function readSpending(db: Db, accountId: string, nowMs: number): Promise<Spending> {
  const { rows } = await db.query<Row>({
    name: 'read-spending',
    text: statement,
    values: [accountId, new Date(nowMs), LINES_MAX],
  });
  const row = rows[0]!;
  return {
    spent: row.spent_nano,
    overMs: sinceMs(row.began_at, nowMs),
    dearestDay: row.dearest_nano,
    lastHour: row.hour_nano,
    lastHourMs: row.is_cut ? sinceMs(row.hour_began_at, nowMs) : HOUR_MS,
  };
}

/** At least 1: the database's clock may be a little behind the one that said what time it is. */
const sinceMs = (at: Date | null, nowMs: number): number => Math.max(1, nowMs - (at?.getTime() ?? nowMs));

const HOUR_MS = 3_600_000;
/** Of a busy account the newest lines are enough to tell its rate. */
const LINES_MAX = 10_000;

// The sequence has no gaps, so the newest lines are a range of the primary key.
const statement = `
  with days as (
    select day, sum(cost_nano)::bigint as cost
    from usage_of_days($1, ($2::timestamptz at time zone 'UTC')::date - 7, null) group by day
  ), hour as (
    select kind, amount_nano, at from ledger_lines
    where account_id = $1 and sequence > (select sequence - $3 from balances where account_id = $1)
      and at > $2::timestamptz - interval '1 hour'
  )
  select
    (select coalesce(sum(cost), 0)::bigint from days) as spent_nano,
    (select coalesce(max(cost), 0)::bigint from days) as dearest_nano,
    greatest(least((select min(day) from days), (select min(day) from usage_days where account_id = $1)),
             ($2::timestamptz at time zone 'UTC')::date - 7)::timestamp at time zone 'UTC' as began_at,
    (select coalesce(-sum(amount_nano) filter (where kind = 'usage'), 0)::bigint from hour) as hour_nano,
    (select count(*) = $3 from hour) as is_cut,
    (select min(at) from hour) as hour_began_at`;
