/** Does what an owner asks of auto-reload, or says why not (A1–A5, A13, A14). */
import type { Policy, SettingsAnswer, SettingsRequest } from '../../domain/accountState';
import { TERMS_VERSION, type AutoReloadSettings, type AutoReloadStatus } from '../../domain/autoReload';
import { formatCents } from '../../domain/money';
import { statusInWords } from '../../domain/words';
import { assessSettings, readSettingsState, refused, type SettingsState } from './assessSettings';
import type { Tx } from '../db';
import { lockAccount } from '../accounts/lockAccount';
import { hasUncanceledReload } from '../reloads/hasUncanceledReload';
import { insertReload } from '../reloads/insertReload';
import { postNotice } from '../notices/postNotice';
import type { Position } from '../accounts/position';
import { putInForce } from './putInForce';
import { setLevels } from './setLevels';

/** `charging`: the answer depends on the first charge, which is the reload opened under the request's id (A5). */
export type ChangedSettings =
  SettingsAnswer | { kind: 'charging'; /** Null when it was open before. */ cents: number | null };

/** The request's id is a UUID: it names the first charge, so a repeat finds it instead of opening another. */
export async function changeSettings(
  tx: Tx,
  accountId: string,
  request: SettingsRequest,
  policy: Policy,
  nowMs: number,
): Promise<ChangedSettings> {
  const position = await lockAccount(tx, accountId);
  const state = (await readSettingsState(tx, accountId))!;
  switch (request.kind) {
    case 'configure':
      return configure(tx, position, state, request, policy, nowMs);
    case 'pause':
      if (state.status === 'paused') return { kind: 'saved' };
      if (state.status !== 'on')
        return refused('auto_reload_not_on', `${statusInWords[state.status]}: there is nothing to pause`);
      return setStatus(tx, accountId, 'paused', policy);
    case 'resume':
      if (state.status === 'on') return { kind: 'saved' };
      if (state.status !== 'paused')
        return refused('auto_reload_not_paused', `${statusInWords[state.status]}: enable it instead`);
      return setStatus(tx, accountId, 'on', policy);
    case 'disable':
      return disable(tx, accountId, state, request, policy);
  }
}

async function configure(
  tx: Tx,
  position: Position,
  state: SettingsState,
  request: Extract<SettingsRequest, { kind: 'configure' }>,
  policy: Policy,
  nowMs: number,
): Promise<ChangedSettings> {
  const { accountId } = position;
  const { settings, actor, requestId } = request;
  if (state.reload_id === requestId) return { kind: 'charging', cents: null };
  const would = await assessSettings(tx, position, state, settings, policy, nowMs);
  switch (would.kind) {
    case 'refused':
      return would;
    case 'save':
      await putInForce(tx, accountId, settings);
      if (would.status === 'paused')
        await tx.query(`update account_states set status = 'paused' where account_id = $1`, [accountId]);
      await setLevels(tx, accountId, policy);
      await recordConsent(tx, accountId, actor, settings);
      return { kind: 'saved' };
    case 'charge':
      if (await hasUncanceledReload(tx, accountId))
        return refused('reload_in_flight', 'an earlier charge is still being canceled');
      await recordConsent(tx, accountId, actor, settings);
      await insertReload(tx, { reloadId: requestId, accountId, nowMs, actor }, would.cents, settings);
      return { kind: 'charging', cents: would.cents };
  }
}

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

async function disable(
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

async function recordConsent(tx: Tx, accountId: string, actor: string, settings: AutoReloadSettings): Promise<void> {
  await tx.query('insert into consents (account_id, actor, settings, terms_version) values ($1, $2, $3, $4)', [
    accountId,
    actor,
    JSON.stringify(settings),
    TERMS_VERSION,
  ]);
}
