/** Reads how much an account keeps in the file store (L2, L7). */
import type { Stored } from '../../domain/storeLimit';
import type { Db } from '../db';

/** What was uploaded and not deleted; outputs of batches are not counted. */
const FROM = { files: "files where purpose = 'batch' and", datasets: 'evaluation_datasets where' };

export async function readStored(db: Db, accountId: string, what: keyof typeof FROM): Promise<Stored> {
  const { rows } = await db.query<{ count: bigint; bytes: bigint }>(
    `select count(*) as count, coalesce(sum(bytes), 0)::bigint as bytes from ${FROM[what]} account_id = $1 and removed_at is null`,
    [accountId],
  );
  return { count: Number(rows[0]!.count), bytes: Number(rows[0]!.bytes) };
}
