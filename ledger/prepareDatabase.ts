/** Makes a database ready for the service: today's schema, owned by one role, and another for the service that owns nothing. */
import { openPool, transaction, type Db, type Tx } from './db';
import { migrate, MIGRATION_LOCK, readSchemaFiles, type MigrationOptions } from './migrate';

export type Roles = {
  /** Of the role that owns the tables and migrates. */
  ownerUrl: string;
  /** Of the role that the service connects as, on the same database. The same role as the owner: all is one role's. */
  serviceUrl: string;
};

/**
 * Migrates as the owner, makes the service's role if there is none (with the password of its URL), and lets it do what
 * the service does, in the transaction that changes the schema. Idempotent, also for simultaneous calls. Throws when the
 * service's role could undo the ledger: as a superuser, an owner of tables, or a member of the owner's role.
 */
export async function prepareDatabase(
  { ownerUrl, serviceUrl }: Roles,
  { statementMsMax }: Pick<MigrationOptions, 'statementMsMax'> = {},
): Promise<string[]> {
  const pool = openPool(ownerUrl, { applicationName: 'ballast-migrate', connectionsMax: 1 });
  const isOneRole = serviceUrl === ownerUrl || loginOf(serviceUrl).user === loginOf(ownerUrl).user;
  const finish = async (tx: Tx): Promise<void> => {
    if (!isOneRole) await letService(tx, loginOf(serviceUrl));
  };
  try {
    const applied = await migrate(pool, readSchemaFiles(), { statementMsMax, finish });
    // Another role may be named than the last time.
    if (applied.length === 0) await transaction(pool, finish);
    return applied;
  } finally {
    await pool.end();
  }
}

type Login = { user: string; password: string };

export function loginOf(url: string): Login {
  const { username, password, searchParams } = new URL(url);
  const user = decodeURIComponent(username) || searchParams.get('user');
  if (!user) throw new Error('A database URL must name its role, as in postgres://role:password@host/database.');
  return { user, password: decodeURIComponent(password) };
}

async function letService(tx: Tx, { user, password }: Login): Promise<void> {
  await tx.query('select pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
  const { rows } = await tx.query<{ create: string | null }>(
    `select case when not exists (select from pg_roles where rolname = $1)
       then format('create role %I login nosuperuser nocreatedb nocreaterole noreplication nobypassrls password %L', $1::text, $2::text)
       end as create`,
    [user, password],
  );
  if (rows[0]!.create) await tx.query(rows[0]!.create);
  await tx.query('select grant_service($1)', [user]);
  await refusePowers(tx, user);
}

async function refusePowers(db: Db, user: string): Promise<void> {
  const { rows } = await db.query<{ power: string }>(
    `select 'is a superuser' as power from pg_roles where rolname = $1 and rolsuper
     union all select 'is a member of ' || r.rolname from pg_class c join pg_roles r on r.oid = c.relowner
       where c.oid = 'ledger_lines'::regclass and pg_has_role($1, r.oid, 'member')
     union all select 'may create or drop in the schema' where has_schema_privilege($1, current_schema(), 'create')`,
    [user],
  );
  if (rows.length > 0) {
    throw new Error(
      `The role ${user} ${rows.map(({ power }) => power).join(', and ')}: the service must run as a role that owns nothing.`,
    );
  }
}
