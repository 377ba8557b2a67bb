/** Disables auto-reload and confirms it to every owner (A13). */
import type { Policy, SettingsAnswer, SettingsRequest } from '../../domain/accountState';
import { formatCents } from '../../domain/money';
import type { Tx } from '../db';
import { postNotice } from '../notices/postNotice';
import type { SettingsState } from './readSettingsState';
import { setStatus } from './setStatus';

export async function disableAutoReload(
  tx: Tx,
  accountId: string,
  state: SettingsState,
  request: SettingsRequest,
  policy: Policy,
): Promise<SettingsAnswer> {
  const wasOn = state.status === 'on' || state.status === 'paused';
  await setStatus(tx, accountId, 'off', policy);
  await tx.query('update account_states set strikes = 0, last_strike_at = null where account_id = $1', [accountId]);
  if (wasOn) {
    await postNotice(tx, accountId, `disabled-by-owner/${request.requestId}`, {
      kind: 'disabled_by_owner',
      by: request.actor,
      threshold: formatCents(Number(state.threshold_cents)),
      amount: formatCents(Number(state.amount_cents)),
    });
  }
  return { kind: 'saved' };
}
