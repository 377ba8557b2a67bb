/** Inserts a reload and its payment. */
import type { Tx } from '../db';

export type NewReload = { reloadId: string; accountId: string; nowMs: number; actor: string };

/** Inserts payment and reload, which the gate shows from then on. The caller holds the account's lock and has checked. */
export async function insertReload(tx: Tx, wish: NewReload, cents: number, wished: object | null): Promise<void> {
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
}
