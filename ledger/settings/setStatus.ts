/** Sets the status of auto-reload (A13). */
import type { Policy, SettingsAnswer } from '../../domain/accountState';
import type { AutoReloadStatus } from '../../domain/autoReload';
import type { Tx } from '../db';
import { setLevels } from './setLevels';

/** A first charge that has not begun loses its wish with the status: it closes as any reload does (A10). */
export async function setStatus(
  tx: Tx,
  accountId: string,
  status: AutoReloadStatus,
  policy: Policy,
): Promise<SettingsAnswer> {
  await tx.query(
    'update account_states set status = $2, version = version + 1, blocked_by = null, blocked_until = null where account_id = $1',
    [accountId, status],
  );
  await tx.query('update reloads set wished = null where account_id = $1 and closed_at is null', [accountId]);
  await setLevels(tx, accountId, policy);
  return { kind: 'saved' };
}
