/** Reads those of some accounts that have changed since they were last read, as they are shown (C3). */
import type { Db } from '../db';
import {
  ACCOUNT_VIEW_COLUMNS,
  FROM_ACCOUNT_VIEWS,
  toAccountView,
  type AccountView,
  type AccountViewRow,
} from './accountView';

/** `seen`: what `readChangedAccounts` told of the account's state; empty for one that was not read yet. */
export type SeenAccount = { id: string; seen: string };
export type ChangedAccount = { view: AccountView; seen: string };

/** All that is shown of an account and may change by itself. */
const STATE = `concat_ws('/', b.watermark, b.gate_version, s.version, s.status, s.threshold_cents, s.amount_cents, r.state)`;

export async function readChangedAccounts(db: Db, accounts: readonly SeenAccount[]): Promise<ChangedAccount[]> {
  const { rows } = await db.query<AccountViewRow & { seen: string }>({
    name: 'read-changed-accounts',
    text: `select ${STATE} as seen, ${ACCOUNT_VIEW_COLUMNS} ${FROM_ACCOUNT_VIEWS}
           join unnest($1::text[], $2::text[]) known(id, seen) on known.id = a.id
           where ${STATE} <> known.seen`,
    values: [accounts.map(({ id }) => id), accounts.map(({ seen }) => seen)],
  });
  return rows.map((row) => ({ view: toAccountView(row), seen: row.seen }));
}
