/** Saves the flag, what owners were told and what blocks reloads, with the notice that goes with it (S2, N1). */
import type { Standing } from '../domain/accountState';
import type { StandingNotice } from '../domain/decide';
import type { AutoReloadStatus } from '../domain/autoReload';
import type { Tx } from './db';
import { lockAccount } from './lockAccount';
import { postNotice } from './postNotice';
import { formatMoney } from '../domain/money';

/** @param key names the decision: repeated with it, the notice stays one */
export async function saveStanding(tx: Tx, accountId: string, key: string, standing: Standing, notice: StandingNotice | null): Promise<void> {
  const { available: availableNano } = await lockAccount(tx, accountId);
  const { flag, toldLow, blocked } = standing;
  const { rows } = await tx.query<{ status: AutoReloadStatus }>(
    `update account_states set flag_reasons = $2, flag_since = $3, told_suspended = $4, told_low = $5, blocked_by = $6, blocked_until = $7
     where account_id = $1 returning status`,
    [accountId, flag.reasons, new Date(flag.sinceMs), flag.told, toldLow, blocked?.by ?? null,
     blocked && blocked.untilMs !== null ? new Date(blocked.untilMs) : null]);
  const available = formatMoney(availableNano);
  switch (notice) {
    case null: return;
    case 'suspended': return postNotice(tx, accountId, `standing/${key}`, { kind: notice, reasons: flag.reasons, available });
    case 'resumed': return postNotice(tx, accountId, `standing/${key}`, { kind: notice, available });
    case 'low_balance': return postNotice(tx, accountId, `standing/${key}`, { kind: notice, available, autoReload: rows[0]!.status });
  }
}
