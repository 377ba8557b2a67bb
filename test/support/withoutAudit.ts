/** While the audit log takes no entries: what must not be done without one, is not (O5). */
import type { Pool } from 'pg';

export async function withoutAudit<T>(pool: Pool, work: () => Promise<T>): Promise<T> {
  await pool.query(
    `create function fail() returns trigger language plpgsql as $$ begin raise exception 'no audit'; end $$`,
  );
  await pool.query('create trigger fail before insert on audit execute function fail()');
  return work().finally(() => pool.query('drop function fail() cascade'));
}
