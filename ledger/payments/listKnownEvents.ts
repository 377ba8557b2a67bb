/** Lists which of Stripe's events were applied before (P4). */
import type { Db } from '../db';

/**
 * Of these event ids, those that were acted on before. One that was about nothing of ours when it came is looked at again:
 * its account may have been lost with a restore, and be back.
 */
export async function listKnownEvents(db: Db, ids: readonly string[]): Promise<Set<string>> {
  const { rows } = await db.query<{ id: string }>(
    `select id from stripe_events where id = any($1) and outcome <> 'foreign'`,
    [ids],
  );
  return new Set(rows.map(({ id }) => id));
}
