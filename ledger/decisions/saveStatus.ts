/** Saves the flag, what owners were told and what blocks reloads, with the notice that goes with it (S2, N1). */
import type { AskedFrom, AccountStatus } from '../../domain/accountState';
import type { StatusNotice } from '../../domain/decision';
import type { AutoReloadStatus } from '../../domain/autoReload';
import type { Reason } from '../../domain/gate';
import { formatMoney } from '../../domain/money';
import type { Notice } from '../../domain/notice';
import type { Tx } from '../db';
import { lockAccount } from '../accounts/lockAccount';
import { postNotice } from '../notices/postNotice';

/** `key` names the decision: repeated with it, the notice stays one. */
export type StatusDecided = AskedFrom & { key: string; status: AccountStatus; notice: StatusNotice | null };

/** Returns false, and saves nothing, when the account was read again since: an older status never replaces a newer one. */
export async function saveStatus(
  tx: Tx,
  { accountId, key, status, notice, knownRevision }: StatusDecided,
): Promise<boolean> {
  const { available: availableNano } = await lockAccount(tx, accountId);
  const { flag, toldLow, blocked, begins } = status;
  const { rows } = await tx.query<{ status: AutoReloadStatus }>(
    `update account_states s set flag_reasons = $2, flag_since = $3, told_suspended = $4, told_low = $5, blocked_by = $6,
       blocked_until = $7, seen_suspensions = case when $9 then b.suspensions else s.seen_suspensions end,
       told_lows = case when $10 then b.lows else s.told_lows end
     from balances b where s.account_id = $1 and b.account_id = $1 and coalesce($8 = b.revision, true) returning s.status`,
    [
      accountId,
      flag.reasons,
      new Date(flag.sinceMs),
      flag.told,
      toldLow,
      blocked?.by ?? null,
      blocked && blocked.untilMs !== null ? new Date(blocked.untilMs) : null,
      knownRevision ?? null,
      begins?.suspension ?? false,
      begins?.low ?? false,
    ],
  );
  if (!rows[0]) return false;
  const available = formatMoney(availableNano);
  if (notice !== null)
    // Stored notices have this key: it keeps its earlier name.
    await postNotice(tx, accountId, `standing/${key}`, toNotice(notice, flag.reasons, available, rows[0].status));
  return true;
}

function toNotice(kind: StatusNotice, reasons: Reason[], available: string, autoReload: AutoReloadStatus): Notice {
  switch (kind) {
    case 'suspended':
      return { kind, reasons, available };
    case 'resumed':
      return { kind, available };
    case 'low_balance':
      return { kind, available, autoReload };
    case 'pending_payment':
      return { kind: 'guard_reached', guard: 'pending_payment' };
  }
}
