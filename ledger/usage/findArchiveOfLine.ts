/** Finds the archive that the usage behind a ledger line has left for (B8). */
import type { Db } from '../db';

/** The file's name, or null while the events are here. The caller has found none of the line's events here. */
export async function findArchiveOfLine(db: Db, accountId: string, sequence: number): Promise<string | null> {
  const { rows } = await db.query<{ file: string }>(
    `select a.file from ledger_lines l
     join usage_archives a on a.dropped_at is not null and posting_of(l) between a.first_posting and a.last_posting
     where l.account_id = $1 and l.sequence = $2 order by a.month desc limit 1`,
    [accountId, sequence],
  );
  return rows[0]?.file ?? null;
}
