/** How many rows of tables Postgres reads for a piece of work, by its own count: what a list costs, whatever the machine. */
import { transaction, type Tx } from '../../ledger/db';
import type { TestDatabase } from './database';

/** The work is undone. Rows that are found in an index alone are not counted. */
export async function rowsRead(
  { pool }: Pick<TestDatabase, 'pool'>,
  work: (tx: Tx) => Promise<unknown>,
): Promise<number> {
  const undone = new Error('undone');
  let read = 0;
  await transaction(pool, async (tx) => {
    const before = await count(tx);
    await work(tx);
    read = (await count(tx)) - before;
    throw undone;
  }).catch((error: Error) => {
    if (error !== undone) throw error;
  });
  return read;
}

async function count(tx: Tx): Promise<number> {
  const { rows } = await tx.query<{ rows: bigint }>(
    'select sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::bigint as rows from pg_stat_xact_user_tables',
  );
  return Number(rows[0]!.rows);
}
