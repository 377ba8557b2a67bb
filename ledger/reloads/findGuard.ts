/** The guards of A12: a monthly limit that holds by construction, and a breaker. */
import { BREAKER_RELOADS_MAX, BREAKER_WINDOW_MS, monthEndMs, type ReloadGuard } from '../../domain/reloadGuards';
import type { Db } from '../db';

export type Guard = { by: ReloadGuard; untilMs: number };

/**
 * The guard that a reload of so many cents would run into now, or null. Whoever opens it holds the account's lock and
 * makes sure that no closed reload is left to cancel: such are canceled first, so they are not counted (A7).
 */
export async function findGuard(
  db: Db,
  accountId: string,
  cents: number,
  limitCents: number | null,
  nowMs: number,
): Promise<Guard | null> {
  const { rows } = await db.query<{ opened_at: Date }>(
    'select opened_at from reloads where account_id = $1 and opened_at > $2 order by opened_at desc offset $3 limit 1',
    [accountId, new Date(nowMs - BREAKER_WINDOW_MS), BREAKER_RELOADS_MAX - 1],
  );
  if (rows[0]) return { by: 'breaker', untilMs: rows[0].opened_at.getTime() + BREAKER_WINDOW_MS };
  if (limitCents === null) return null;
  const { rows: spend } = await db.query<{ cents: bigint }>(
    'select spent_cents - uncanceled_cents as cents from reload_spend($1, $2)',
    [accountId, new Date(nowMs)],
  );
  return Number(spend[0]!.cents) + cents > limitCents ? { by: 'monthly_limit', untilMs: monthEndMs(nowMs) } : null;
}
