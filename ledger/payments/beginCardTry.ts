/** Begins a try of a card, counted so that no more than the limit are ever declined, however many are asked for at once. */
import type { Pool } from 'pg';
import { RATE_LIMITS } from '../../domain/rateLimits';
import { transaction } from '../db';

export type BegunTry =
  | { kind: 'begun' }
  /** As many as may still be declined are under way: ask again when one of them has ended. */
  | { kind: 'busy' }
  /** @param waitMs until the oldest decline is older than the limit's time */
  | { kind: 'limited'; waitMs: number };

const { tries: DECLINES_MAX, seconds: SECONDS } = RATE_LIMITS.declined_card;
/** A try that has not ended by then has lost its process. */
const OPEN_SECONDS_MAX = 60;

/** The account's lock for this alone makes one count of simultaneous tries. */
export const beginCardTry = (pool: Pool, accountId: string, id: string): Promise<BegunTry> =>
  transaction(pool, async (tx) => {
    await tx.query("select pg_advisory_xact_lock(hashtextextended('card_tries/' || $1, 0))", [accountId]);
    await tx.query(
      `delete from card_tries where account_id = $1
        and coalesce(declined_at + make_interval(secs => $2), begun_at + make_interval(secs => $3)) <= now()`,
      [accountId, SECONDS, OPEN_SECONDS_MAX],
    );
    const existing = await tx.query('select 1 from card_tries where id = $1', [id]);
    if (existing.rowCount === 1) return { kind: 'begun' };
    const { rows } = await tx.query<{ declined: number; open: number; wait_ms: number | null }>(
      `select count(declined_at)::int as declined, count(*) filter (where declined_at is null)::int as open,
        (extract(epoch from min(declined_at) + make_interval(secs => $2) - now()) * 1000)::float8 as wait_ms
       from card_tries where account_id = $1`,
      [accountId, SECONDS],
    );
    const { declined, open, wait_ms } = rows[0]!;
    if (declined >= DECLINES_MAX) return { kind: 'limited', waitMs: wait_ms ?? 0 };
    if (declined + open >= DECLINES_MAX) return { kind: 'busy' };
    await tx.query('insert into card_tries (id, account_id) values ($1, $2)', [id, accountId]);
    return { kind: 'begun' };
  });
