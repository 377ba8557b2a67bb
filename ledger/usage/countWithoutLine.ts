/** Counts archived events that no line of this ledger has deducted (B8): another deployment's, or of commits that a restore has undone. */
import type { Db } from '../db';

/** @param events as `readUsageMonth` gave them */
export async function countWithoutLine(db: Db, events: string[]): Promise<number> {
  const { rows } = await db.query<{ count: bigint }>(
    `select count(*) from unnest($1::json[]) event
     left join ledger_lines l on l.account_id = event ->> 'account_id' and l.sequence = (event ->> 'sequence')::bigint
       and l.kind = 'usage' and l.reference = 'usage/' || (event ->> 'posting')
     where l.account_id is null`,
    [events],
  );
  return Number(rows[0]!.count);
}
