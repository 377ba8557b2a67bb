/** An older copy of a database, to be restored under the running processes: what happened since is lost to Postgres. */
import { transaction, type Tx } from '../../ledger/db';
import type { TestDatabase } from './database';
import { until } from './notices';

/** Copies every table now, as their owner. Resolves with what restores the copy, as often as it is called. */
export async function keepCopy({ owner: pool }: TestDatabase, name = 'older'): Promise<() => Promise<void>> {
  const { rows } = await pool.query<{ name: string }>(
    `select c.relname as name from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition`,
  );
  const tables = rows.map((row) => row.name);
  await pool.query(`drop schema if exists ${name} cascade; create schema ${name}`);
  await transaction(pool, async (tx) => {
    // All tables as they were at one moment, though processes go on writing.
    await tx.query('set transaction isolation level repeatable read');
    for (const table of tables) await tx.query(`create table ${name}.${table} as table public.${table}`);
  });
  const restore = async (tx: Tx): Promise<boolean> => {
    const all = tables.map((table) => `public.${table}`).join();
    // All locks or none: who waits for one lock and holds others can end in a deadlock with a running process.
    await tx.query(`lock table ${all} in access exclusive mode nowait`);
    // As a restore does: no trigger runs, and no reference is checked.
    await tx.query(`set local session_replication_role = replica`);
    await tx.query(`truncate ${all} cascade`);
    for (const table of tables) {
      const columns = await tx.query<{ name: string }>(
        `select quote_ident(attname) as name from pg_attribute
         where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = ''`,
        [`public.${table}`],
      );
      const list = columns.rows.map((column) => column.name).join();
      await tx.query(
        `insert into public.${table} (${list}) overriding system value select ${list} from ${name}.${table}`,
      );
    }
    return true;
  };
  const restoreIfUnlocked = (): Promise<boolean> =>
    transaction(pool, restore).catch((error: { code?: string }) => {
      if (error.code === '55P03') return false;
      throw error;
    });
  return async () => void (await until(restoreIfUnlocked, (restored) => restored));
}
