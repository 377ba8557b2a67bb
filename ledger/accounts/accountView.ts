/** An account as it is shown: who it is, its money, its gate, its auto-reload. */
import type { OpenReload } from '../../domain/accountState';
import type { AutoReloadStatus } from '../../domain/autoReload';
import { POSITION_COLUMNS, toPosition, type Position, type PositionRow } from './position';

export type AccountView = {
  id: string;
  name: string;
  tier: string;
  createdAt: Date;
  /** Null while it is open. */
  closedAt: Date | null;
  position: Position;
  /** Cents; null while they were never set. `reload`: the state of the one in flight. */
  autoReload: {
    status: AutoReloadStatus;
    thresholdCents: number | null;
    amountCents: number | null;
    reload: OpenReload['state'] | null;
  };
};

export type AccountViewRow = PositionRow & {
  name: string;
  tier: string;
  created_at: Date;
  closed_at: Date | null;
  status: AutoReloadStatus;
  threshold_cents: bigint | null;
  amount_cents: bigint | null;
  reload_state: OpenReload['state'] | null;
};

/** SQL: the columns of an `AccountViewRow`. */
export const ACCOUNT_VIEW_COLUMNS = `${POSITION_COLUMNS.split(', ')
  .map((column) => `b.${column}`)
  .join(
    ', ',
  )}, a.name, a.tier, a.created_at, a.closed_at, s.status, s.threshold_cents, s.amount_cents, r.state as reload_state`;
/** SQL: where they come from. */
export const FROM_ACCOUNT_VIEWS = `from accounts a join balances b on b.account_id = a.id
  join account_states s on s.account_id = a.id left join reloads r on r.account_id = a.id and r.closed_at is null`;
export const selectAccountViews = `select ${ACCOUNT_VIEW_COLUMNS} ${FROM_ACCOUNT_VIEWS}`;

export function toAccountView(row: AccountViewRow): AccountView {
  return {
    id: row.account_id,
    name: row.name,
    tier: row.tier,
    createdAt: row.created_at,
    closedAt: row.closed_at,
    position: toPosition(row),
    autoReload: {
      status: row.status,
      thresholdCents: toCents(row.threshold_cents),
      amountCents: toCents(row.amount_cents),
      reload: row.reload_state,
    },
  };
}

const toCents = (cents: bigint | null): number | null => (cents === null ? null : Number(cents));
