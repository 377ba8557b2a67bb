/** Enables auto-reload or changes its settings: saved at once, or put in force by a first charge (A4, A5). */
import type { Policy, SettingsRequest } from '../../domain/accountState';
import { refused, unlessAnnounced } from '../../domain/assessSettings';
import type { Position } from '../accounts/position';
import type { Tx } from '../db';
import { hasUncanceledReload } from '../reloads/hasUncanceledReload';
import { insertReload } from '../reloads/insertReload';
import type { ChangedSettings } from './changedSettings';
import { putInForce } from './putInForce';
import { readAssessment } from './readAssessment';
import type { SettingsState } from './readSettingsState';
import { recordConsent } from './recordConsent';
import { setLevels } from './setLevels';

export async function configureAutoReload(
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
  const would = await readAssessment(tx, position, state, settings, policy, nowMs);
  if (would.kind === 'refused') return would;
  const unannounced = unlessAnnounced(request, would.kind === 'charge' ? would.cents : 0);
  if (unannounced) return unannounced;
  switch (would.kind) {
    case 'save':
      await putInForce(tx, accountId, settings, would.status);
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
