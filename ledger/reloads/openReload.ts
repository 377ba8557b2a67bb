/** Opens the account's next reload, or finds why it may not open (A7, A12). */
import { type Guard, findGuard } from './findGuard';
import type { Tx } from '../db';
import type { Policy } from '../../domain/accountState';
import { lockAccount } from '../accounts/lockAccount';
import { reached } from '../../domain/autoReload';
import { hasUncanceledReload } from './hasUncanceledReload';
import { postNotice } from '../notices/postNotice';
import { formatCents } from '../../domain/money';
import { insertReload, type NewReload } from './insertReload';

export type ReloadWish = NewReload & { settingsVersion: number };

export type OpenedReload =
  | { kind: 'opened' }
  /** Another reload is in flight: it is the one to go on with. */
  | { kind: 'adopted' }
  | { kind: 'refused'; because: 'settings_changed' | 'not_due' | 'suspended' | 'uncanceled' | Guard['by'] };

type StateRow = {
  status: string;
  version: bigint;
  threshold_cents: bigint;
  amount_cents: bigint;
  monthly_limit_cents: bigint | null;
};

/**
 * Under the account's lock, so that what was decided from is still so when the reload opens. Repeated with the same id
 * it finds the same reload. The amount counts against the monthly limit from here on: it is reserved by existing.
 */
export async function openReload(tx: Tx, wish: ReloadWish, policy: Policy): Promise<OpenedReload> {
  const position = await lockAccount(tx, wish.accountId);
  const { rows: inFlight } = await tx.query<{ id: string }>(
    'select id from reloads where account_id = $1 and (closed_at is null or id = $2)',
    [wish.accountId, wish.reloadId],
  );
  if (inFlight[0]) return { kind: inFlight[0].id === wish.reloadId ? 'opened' : 'adopted' };

  const { rows } = await tx.query<StateRow>(
    'select status, version, threshold_cents, amount_cents, monthly_limit_cents from account_states where account_id = $1',
    [wish.accountId],
  );
  const state = rows[0]!;
  if (state.status !== 'on' || Number(state.version) !== wish.settingsVersion)
    return { kind: 'refused', because: 'settings_changed' };
  if (!reached(position.available, Number(state.threshold_cents), policy.trigger))
    return { kind: 'refused', because: 'not_due' };
  if (position.setReasons.length > 0) return { kind: 'refused', because: 'suspended' };
  if (await hasUncanceledReload(tx, wish.accountId)) return { kind: 'refused', because: 'uncanceled' };

  const cents = Number(state.amount_cents);
  const limitCents = state.monthly_limit_cents === null ? null : Number(state.monthly_limit_cents);
  const guard = await findGuard(tx, wish.accountId, cents, limitCents, wish.nowMs);
  if (guard) {
    await tx.query('update account_states set blocked_by = $2, blocked_until = $3 where account_id = $1', [
      wish.accountId,
      guard.by,
      new Date(guard.untilMs),
    ]);
    await postNotice(tx, wish.accountId, `guard/${wish.accountId}/${guard.by}/${guard.untilMs}`, {
      kind: 'guard_reached',
      guard: guard.by,
      ...(limitCents === null ? {} : { limit: formatCents(limitCents) }),
    });
    return { kind: 'refused', because: guard.by };
  }
  await insertReload(tx, wish, cents, null);
  return { kind: 'opened' };
}
