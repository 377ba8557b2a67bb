/** As the owner of the tables: while the audit log takes no entries: what must not be done without one, is not (O5). */
import type { Pool } from 'pg';

export async function withoutAudit<T>(owner: Pool, work: () => Promise<T>): Promise<T> {
  await owner.query(
    `create function fail() returns trigger language plpgsql as $$ begin raise exception 'no audit'; end $$`,
  );
  await owner.query('create trigger fail before insert on audit execute function fail()');
  return work().finally(() => owner.query('drop function fail() cascade'));
}
