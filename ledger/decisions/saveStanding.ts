/** Saves the flag, what owners were told and what blocks reloads, with the notice that goes with it (S2, N1). */
import type { AskedFrom, Standing } from '../../domain/accountState';
import type { StandingNotice } from '../../domain/decide';
import type { AutoReloadStatus } from '../../domain/autoReload';
import type { Reason } from '../../domain/gate';
import { formatMoney } from '../../domain/money';
import type { Notice } from '../../domain/notice';
import type { Tx } from '../db';
import { lockAccount } from '../accounts/lockAccount';
import { postNotice } from '../notices/postNotice';

/** `key` names the decision: repeated with it, the notice stays one. */
export type StandingDecided = AskedFrom & { key: string; standing: Standing; notice: StandingNotice | null };

/** Returns false, and saves nothing, when the account was read again since: an older standing never replaces a newer one. */
export async function saveStanding(
  tx: Tx,
  { accountId, key, standing, notice, knownRevision }: StandingDecided,
): Promise<boolean> {
  const { available: availableNano } = await lockAccount(tx, accountId);
  const { flag, toldLow, blocked } = standing;
  const { rows } = await tx.query<{ status: AutoReloadStatus }>(
    `update account_states set flag_reasons = $2, flag_since = $3, told_suspended = $4, told_low = $5, blocked_by = $6, blocked_until = $7
     where account_id = $1 and coalesce($8 = (select revision from balances where account_id = $1), true) returning status`,
    [
      accountId,
      flag.reasons,
      new Date(flag.sinceMs),
      flag.told,
      toldLow,
      blocked?.by ?? null,
      blocked && blocked.untilMs !== null ? new Date(blocked.untilMs) : null,
      knownRevision ?? null,
    ],
  );
  if (!rows[0]) return false;
  const available = formatMoney(availableNano);
  if (notice !== null)
    await postNotice(tx, accountId, `standing/${key}`, toNotice(notice, flag.reasons, available, rows[0].status));
  return true;
}

function toNotice(kind: StandingNotice, reasons: Reason[], available: string, autoReload: AutoReloadStatus): Notice {
  switch (kind) {
    case 'suspended':
      return { kind, reasons, available };
    case 'resumed':
      return { kind, available };
    case 'low_balance':
      return { kind, available, autoReload };
  }
}
