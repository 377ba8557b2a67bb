/** Does what an owner asks of auto-reload, or says why not (A1–A5, A13, A14). */
import type { Policy, RefusalCode, SettingsAnswer, SettingsRequest } from '../domain/accountState';
import { firstCharge, TERMS_VERSION, type AutoReloadSettings, type AutoReloadStatus } from '../domain/autoReload';
import { formatCents } from '../domain/money';
import type { Tx } from './db';
import { guardAgainst } from './guards';
import { lockAccount } from './lockAccount';
import { hasUncanceledReload, insertReload } from './openReload';
import { postNotice } from './postNotice';
import type { Position } from './position';
import { putInForce } from './settlePayment';
import { setLevels } from './setLevels';

/** `charging`: the answer depends on the first charge, which is the reload opened under the request's id (A5). */
export type ChangedSettings = SettingsAnswer | { kind: 'charging' };

type State = {
  status: AutoReloadStatus;
  threshold_cents: bigint | null;
  amount_cents: bigint | null;
  reload_id: string | null;
  first: boolean | null;
};

/** The request's id is a UUID: it names the first charge, so a repeat finds it instead of opening another. */
export async function changeSettings(tx: Tx, accountId: string, request: SettingsRequest, policy: Policy, nowMs: number): Promise<ChangedSettings> {
  const position = await lockAccount(tx, accountId);
  const { rows } = await tx.query<State>(
    `select s.status, s.threshold_cents, s.amount_cents, r.id as reload_id, r.wished is not null as first
     from account_states s left join reloads r on r.account_id = s.account_id and r.closed_at is null where s.account_id = $1`, [accountId]);
  const state = rows[0]!;
  switch (request.kind) {
    case 'configure':
      return configure(tx, position, state, request, policy, nowMs);
    case 'pause':
      if (state.status === 'paused') return { kind: 'saved' };
      if (state.status !== 'on') return refused('auto_reload_not_on', `auto-reload is ${state.status}: there is nothing to pause`);
      return setStatus(tx, accountId, 'paused', policy);
    case 'resume':
      if (state.status === 'on') return { kind: 'saved' };
      if (state.status !== 'paused') return refused('auto_reload_not_paused', `auto-reload is ${state.status}: enable it instead`);
      return setStatus(tx, accountId, 'on', policy);
    case 'disable':
      return disable(tx, accountId, state, request, policy);
  }
}

async function configure(
  tx: Tx, position: Position, state: State, request: Extract<SettingsRequest, { kind: 'configure' }>, policy: Policy, nowMs: number,
): Promise<ChangedSettings> {
  const { accountId } = position;
  const { settings, actor, requestId } = request;
  if (state.reload_id === requestId) return { kind: 'charging' };
  const missing = await missingForAutoReload(tx, accountId);
  if (missing) return missing;
  if (state.first) return refused('reload_in_flight', 'a first charge for earlier settings is not decided yet');

  const save = async (status: 'on' | 'paused'): Promise<SettingsAnswer> => {
    await putInForce(tx, accountId, settings);
    if (status === 'paused') await tx.query(`update account_states set status = 'paused' where account_id = $1`, [accountId]);
    await setLevels(tx, accountId, policy);
    await recordConsent(tx, accountId, actor, settings);
    return { kind: 'saved' };
  };
  if (state.status === 'paused') return save('paused');
  const charge = firstCharge(position.available, settings, policy.trigger);
  if (state.reload_id || charge.kind === 'none') return save('on');

  if (position.setReasons.length > 0) return refused('account_suspended', `the account is suspended: ${position.setReasons.join(', ')}`);
  if (charge.kind === 'amount_too_small') {
    return refused('amount_too_small', `with this amount the first charge would be $${formatCents(charge.neededCents)}, over the limit of $12,500`);
  }
  if (await hasUncanceledReload(tx, accountId)) return refused('reload_in_flight', 'an earlier charge is still being canceled');
  const guard = await guardAgainst(tx, accountId, charge.cents, settings.monthlyLimitCents, nowMs);
  if (guard?.by === 'breaker') return refused('breaker_reached', 'too many reloads in an hour; try again later');
  if (guard) return refused('monthly_limit_exceeded', `a first charge of $${formatCents(charge.cents)} would exceed the monthly limit`);

  await recordConsent(tx, accountId, actor, settings);
  await insertReload(tx, { reloadId: requestId, accountId, nowMs, actor }, charge.cents, settings);
  return { kind: 'charging' };
}

/** A1, in this order: a method on file, then an earlier purchase. */
async function missingForAutoReload(tx: Tx, accountId: string): Promise<SettingsAnswer | null> {
  const { rows } = await tx.query<{ method: boolean; purchase: boolean }>(
    `select exists (select 1 from payment_methods where account_id = $1 and role = 'primary' and removed_at is null) as method,
       exists (select 1 from payments where account_id = $1 and status = 'succeeded') as purchase`, [accountId]);
  if (!rows[0]!.method) return refused('payment_method_required', 'auto-reload needs a primary payment method on file');
  if (!rows[0]!.purchase) return refused('first_purchase_required', 'auto-reload needs one purchase that succeeded before');
  return null;
}

/** A first charge that has not begun loses its wish with the status: it closes as any reload does (A10). */
export async function setStatus(tx: Tx, accountId: string, status: AutoReloadStatus, policy: Policy): Promise<SettingsAnswer> {
  await tx.query(
    'update account_states set status = $2, version = version + 1, blocked_by = null, blocked_until = null where account_id = $1', [accountId, status]);
  await tx.query('update reloads set wished = null where account_id = $1 and closed_at is null', [accountId]);
  await setLevels(tx, accountId, policy);
  return { kind: 'saved' };
}

async function disable(tx: Tx, accountId: string, state: State, request: SettingsRequest, policy: Policy): Promise<SettingsAnswer> {
  const wasOn = state.status === 'on' || state.status === 'paused';
  await setStatus(tx, accountId, 'off', policy);
  await tx.query('update account_states set strikes = 0, last_strike_at = null where account_id = $1', [accountId]);
  if (wasOn) {
    await postNotice(tx, accountId, `disabled-by-owner/${request.requestId}`, {
      kind: 'disabled_by_owner', by: request.actor,
      threshold: formatCents(Number(state.threshold_cents)), amount: formatCents(Number(state.amount_cents)),
    });
  }
  return { kind: 'saved' };
}

async function recordConsent(tx: Tx, accountId: string, actor: string, settings: AutoReloadSettings): Promise<void> {
  await tx.query('insert into consents (account_id, actor, settings, terms_version) values ($1, $2, $3, $4)',
    [accountId, actor, JSON.stringify(settings), TERMS_VERSION]);
}

const refused = (code: RefusalCode, detail: string): SettingsAnswer => ({ kind: 'refused', code, detail });
