/** Lists an account's reloads, newest first, each with the methods that were tried, oldest first. */
import type { AttemptOutcome } from '../../domain/accountState';
import type { Db } from '../db';
import { toPage, type Page, type PageRequest } from '../page';

export type ReloadAttempt = {
  attempt: number;
  at: string;
  method: string;
  role: string | null;
  outcome: AttemptOutcome;
  declineCode: string | null;
  declineMessage: string | null;
  /** Null for a method of which nothing is known any more. */
  brand: string | null;
  last4: string | null;
  expMonth: number | null;
  expYear: number | null;
};
export type Reload = {
  id: string;
  number: number;
  cents: number;
  status: 'charging' | 'waiting' | 'unknown' | 'succeeded' | 'failed' | 'canceled';
  because: string | null;
  at: Date;
  attempts: ReloadAttempt[];
};

type Row = {
  id: string;
  number: number;
  amount_cents: bigint;
  state: Reload['status'];
  because: string | null;
  opened_at: Date;
  attempts: ReloadAttempt[];
};

export async function listReloads(db: Db, accountId: string, page: PageRequest): Promise<Page<Reload>> {
  const { rows } = await db.query<Row>(
    `select r.id, r.number, p.amount_cents, r.state, r.because, r.opened_at, coalesce((
       select json_agg(json_build_object('attempt', a.attempt, 'at', a.at, 'method', a.payment_method_id, 'role', a.role,
                                         'outcome', a.outcome, 'declineCode', a.decline_code, 'declineMessage', a.decline_message,
                                         'brand', m.brand, 'last4', m.last4, 'expMonth', m.exp_month, 'expYear', m.exp_year) order by a.at)
       from payment_attempts a left join payment_methods m on m.id = a.payment_method_id where a.payment_id = r.id), '[]') as attempts
     from reloads r join payments p on p.id = r.id
     where r.account_id = $1 and ($2::bigint is null or r.number < $2) order by r.number desc limit $3`,
    [accountId, page.after, page.limit + 1],
  );
  return toPage(rows, page.limit, (row) => String(row.number), toReload);
}

function toReload(row: Row): Reload {
  const attempts = row.attempts.map((attempt) => ({ ...attempt, at: new Date(attempt.at).toISOString() }));
  return {
    id: row.id,
    number: row.number,
    cents: Number(row.amount_cents),
    status: row.state,
    because: row.because,
    at: row.opened_at,
    attempts,
  };
}
