/** Opens the account's next reload, or finds why it may not open (A7, A12). */
import { reached } from '../../domain/autoReload';
import type { Policy } from '../../domain/accountState';
import { formatCents } from '../../domain/money';
import type { Tx } from '../db';
import { guardAgainst, type Guard } from './guards';
import { lockAccount } from '../accounts/lockAccount';
import { postNotice } from '../notices/postNotice';

export type ReloadWish = { reloadId: string; accountId: string; settingsVersion: number; nowMs: number; actor: string };
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
  const guard = await guardAgainst(tx, wish.accountId, cents, limitCents, wish.nowMs);
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

/** Inserts payment and reload and tells the gate. The caller holds the account's lock and has checked. */
export async function insertReload(
  tx: Tx,
  wish: Omit<ReloadWish, 'settingsVersion'>,
  cents: number,
  wished: object | null,
): Promise<void> {
  const { reloadId, accountId, actor } = wish;
  const now = new Date(wish.nowMs);
  await tx.query(
    `insert into payments (id, account_id, purpose, amount_cents, actor, created_at) values ($1, $2, 'reload', $3, $4, $5)`,
    [reloadId, accountId, cents, actor, now],
  );
  await tx.query(
    `insert into reloads (id, account_id, number, state, due_at, wished, opened_at)
     select $1, $2, coalesce(max(number), 0) + 1, 'charging', $3, $4, $3 from reloads where account_id = $2`,
    [reloadId, accountId, now, wished && JSON.stringify(wished)],
  );
  await tx.query('update account_states set blocked_by = null, blocked_until = null where account_id = $1', [
    accountId,
  ]);
  await tx.query('update balances set reload_due_at = $2 where account_id = $1', [accountId, now]);
}

/** Whether a closed reload's PaymentIntent could still be paid: no other opens before it is canceled (A7). */
export async function hasUncanceledReload(tx: Tx, accountId: string): Promise<boolean> {
  const { rows } = await tx.query(
    `select 1 from reloads r join payments p on p.id = r.id
     where r.account_id = $1 and r.closed_at is not null and p.status in ('processing', 'requires_action') limit 1`,
    [accountId],
  );
  return rows.length > 0;
}
