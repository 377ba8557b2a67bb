/** Ends a try of a card. */
import type { Db } from '../db';

/** Declined, it counts for the limit's time; else it is forgotten. */
export async function endCardTry(db: Db, id: string, declined: boolean): Promise<void> {
  await db.query(
    declined ? 'update card_tries set declined_at = now() where id = $1' : 'delete from card_tries where id = $1',
    [id],
  );
}
