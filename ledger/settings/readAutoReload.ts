/** An account's auto-reload as it is shown: settings, status, the reload in flight. */
import type { BlockedBy, OpenReload } from '../../domain/accountState';
import type { AutoReloadStatus } from '../../domain/autoReload';
import { subtract, type Nano } from '../../domain/money';
import type { Db } from '../db';

export type AutoReloadView = {
  status: AutoReloadStatus;
  thresholdCents: number | null;
  amountCents: number | null;
  monthlyLimitCents: number | null;
  /** What counts against the monthly limit so far: paid, in flight or not yet known. */
  spentThisMonthCents: number;
  strikes: number;
  reload: { number: number; attempt: number; cents: number; state: OpenReload['state']; dueAt: Date } | null;
  blockedBy: BlockedBy | null;
  available: Nano;
};

type Row = {
  status: AutoReloadStatus;
  threshold_cents: bigint | null;
  amount_cents: bigint | null;
  monthly_limit_cents: bigint | null;
  spent_this_month_cents: bigint;
  strikes: number;
  blocked_by: BlockedBy | null;
  balance_nano: Nano;
  held_nano: Nano;
  number: number | null;
  attempt: number;
  amount: bigint;
  state: OpenReload['state'];
  due_at: Date;
};

/** Null when there is no such account. */
export async function readAutoReload(db: Db, accountId: string, nowMs: number): Promise<AutoReloadView | null> {
  const { rows } = await db.query<Row>({
    name: 'read-auto-reload',
    text: statement,
    values: [accountId, new Date(nowMs)],
  });
  const row = rows[0];
  if (!row) return null;
  return {
    status: row.status,
    thresholdCents: toCents(row.threshold_cents),
    amountCents: toCents(row.amount_cents),
    monthlyLimitCents: toCents(row.monthly_limit_cents),
    spentThisMonthCents: Number(row.spent_this_month_cents),
    strikes: row.strikes,
    reload:
      row.number === null
        ? null
        : { number: row.number, attempt: row.attempt, cents: Number(row.amount), state: row.state, dueAt: row.due_at },
    blockedBy: row.blocked_by,
    available: subtract(row.balance_nano, row.held_nano),
  };
}

const toCents = (cents: bigint | null): number | null => (cents === null ? null : Number(cents));

const statement = `
  select s.status, s.threshold_cents, s.amount_cents, s.monthly_limit_cents, s.strikes, s.blocked_by, b.balance_nano, b.held_nano,
    (select spent_cents from reload_spend($1, $2)) as spent_this_month_cents,
    r.number, r.attempt, p.amount_cents as amount, r.state, r.due_at
  from account_states s
  join balances b on b.account_id = s.account_id
  left join reloads r on r.account_id = s.account_id and r.closed_at is null
  left join payments p on p.id = r.id
  where s.account_id = $1`;
