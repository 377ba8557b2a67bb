/** Reads what a change of auto-reload's settings depends on. */
import type { AutoReloadStatus } from '../../domain/autoReload';
import type { Db } from '../db';

export type SettingsState = {
  status: AutoReloadStatus;
  threshold_cents: bigint | null;
  amount_cents: bigint | null;
  monthly_limit_cents: bigint | null;
  reload_id: string | null;
  /** The reload in flight is a first charge. */
  first: boolean | null;
};

/** Undefined when there is no such account. */
export async function readSettingsState(db: Db, accountId: string): Promise<SettingsState | undefined> {
  const { rows } = await db.query<SettingsState>(
    `select s.status, s.threshold_cents, s.amount_cents, s.monthly_limit_cents, r.id as reload_id, r.wished is not null as first
     from account_states s left join reloads r on r.account_id = s.account_id and r.closed_at is null where s.account_id = $1`,
    [accountId],
  );
  return rows[0];
}
