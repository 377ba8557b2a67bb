/** Whose the file store is: the deployment's id for it, and some files that must be in it. */
import type { Db } from '../db';

export type StoreOwner = {
  id: string;
  /** Names of files that were kept and not removed; a few. */
  expected: string[];
};

const EXPECTED_MAX = 10;

export async function readStoreOwner(db: Db): Promise<StoreOwner> {
  const { rows } = await db.query<StoreOwner>(
    `select s.id, array(
         (select id from files where removed_at is null order by account_id, created_at, id limit $1)
         union all
         (select id from evaluation_datasets where removed_at is null order by account_id, number desc limit $1)
       ) as expected
     from file_store s`,
    [EXPECTED_MAX],
  );
  return rows[0]!;
}
