/** Does what an owner asks of auto-reload, or says why not (A1–A5, A13, A14). */
import type { Policy, SettingsRequest } from '../../domain/accountState';
import { refused, unlessAnnounced } from '../../domain/assessSettings';
import { isClosed } from '../../domain/gate';
import { statusInWords } from '../../domain/words';
import { lockAccount } from '../accounts/lockAccount';
import type { Tx } from '../db';
import type { ChangedSettings } from './changedSettings';
import { configureAutoReload } from './configureAutoReload';
import { disableAutoReload } from './disableAutoReload';
import { readResumeCharge } from './readResumeCharge';
import { readSettingsState } from './readSettingsState';
import { setStatus } from './setStatus';

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
  // The request may have been let in before the account was closed, and its owner's key with it.
  if (isClosed(position.setReasons) && (request.kind === 'configure' || request.kind === 'resume'))
    return refused('account_closed', 'the account is closed, or about to be');
  switch (request.kind) {
    case 'configure':
      return configureAutoReload(tx, position, state, request, policy, nowMs);
    case 'pause':
      if (state.status === 'paused') return { kind: 'saved' };
      if (state.status !== 'on')
        return refused('auto_reload_not_on', `${statusInWords[state.status]}: there is nothing to pause`);
      return setStatus(tx, accountId, 'paused', policy);
    case 'resume':
      if (state.status === 'on') return { kind: 'saved' };
      if (state.status !== 'paused')
        return refused('auto_reload_not_paused', `${statusInWords[state.status]}: enable it instead`);
      return (
        unlessAnnounced(request, await readResumeCharge(tx, position, state, policy, nowMs)) ??
        setStatus(tx, accountId, 'on', policy)
      );
    case 'disable':
      return disableAutoReload(tx, accountId, state, request, policy);
  }
}
