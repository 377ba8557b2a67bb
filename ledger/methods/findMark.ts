/** Finds whether a card was declined for good under another id (A11). */
import type { SavedCard } from '../../domain/payment';
import type { Db } from '../db';
import { GONE } from './markUnusable';

/**
 * The decline's code, or null: no other method of the account with this fingerprint is marked, or the mark is of an
 * earlier expiry. Methods that were removed count: adding the same card again does not help.
 */
export async function findMark(db: Db, accountId: string, card: SavedCard): Promise<string | null> {
  const { rows } = await db.query<{ unusable_because: string }>(
    `select unusable_because from payment_methods
     where account_id = $1 and id <> $2 and fingerprint = $3 and unusable_because is not null and unusable_because <> '${GONE}'
       and coalesce(($4::int, $5::int) <= (exp_year, exp_month), true) limit 1`,
    [accountId, card.id, card.fingerprint, card.expYear, card.expMonth],
  );
  return rows[0]?.unusable_because ?? null;
}
