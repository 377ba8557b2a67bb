/** Describes the schema of a database as SQL, from Postgres's catalogs: what `ledger/schema.sql` holds. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Db } from '../ledger/db';

/** In the sources, seen from the compiled file and from this one. */
export const SCHEMA_FILE = [join(__dirname, '..'), join(__dirname, '..', '..')]
  .map((root) => join(root, 'ledger', 'schema.sql'))
  .find(existsSync)!;
export const SCHEMA_HEAD =
  '-- The whole schema as it is today, written by `npm run schema:save`. Not to be edited, and read by no program.\n\n';

/** Partitions that are made as time goes on, and what extensions bring, are left out. */
const TABLES = `
  select c.oid, c.relname as name, c.relkind as kind, c.reloptions as options,
    case when c.relkind = 'p' then pg_get_partkeydef(c.oid) end as partitioned_by
  from pg_class c
  where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
  order by c.relname collate "C"`;

const COLUMNS = `
  select a.attname as name, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull as not_null, a.attidentity as identity,
    a.attgenerated as generated, pg_get_expr(d.adbin, d.adrelid) as value,
    case when a.attcollation <> t.typcollation then (select collname from pg_collation where oid = a.attcollation) end as collation
  from pg_attribute a join pg_type t on t.oid = a.atttypid left join pg_attrdef d on (d.adrelid, d.adnum) = (a.attrelid, a.attnum)
  where a.attrelid = $1 and a.attnum > 0 and not a.attisdropped order by a.attnum`;

const CONSTRAINTS = `
  select pg_get_constraintdef(oid, true) as text from pg_constraint
  where conrelid = $1 and contype in ('p', 'u', 'c', 'f', 'x')
  order by array_position('{p,u,f,c,x}'::"char"[], contype), pg_get_constraintdef(oid, true) collate "C"`;

const INDEXES = `
  select pg_get_indexdef(indexrelid) as text from pg_index i join pg_class c on c.oid = i.indexrelid
  where indrelid = $1 and not exists (select from pg_constraint where conindid = i.indexrelid and contype in ('p', 'u', 'x'))
  order by c.relname collate "C"`;

const TRIGGERS = `select pg_get_triggerdef(oid) as text from pg_trigger where tgrelid = $1 and not tgisinternal order by tgname collate "C"`;

const SEQUENCES = `
  select 'create sequence ' || c.relname as text from pg_class c
  where c.relnamespace = current_schema()::regnamespace and c.relkind = 'S'
    and not exists (select from pg_depend where objid = c.oid and classid = 'pg_class'::regclass and deptype in ('a', 'i'))
  order by c.relname collate "C"`;

const VIEWS = `
  select 'create view ' || c.relname || ' as' || e'\\n' || pg_get_viewdef(c.oid, true) as text from pg_class c
  where c.relnamespace = current_schema()::regnamespace and c.relkind = 'v' order by c.relname collate "C"`;

const FUNCTIONS = `
  select trim(pg_get_functiondef(oid)) || ';' as text from pg_proc
  where pronamespace = current_schema()::regnamespace order by proname collate "C", pg_get_function_identity_arguments(oid)`;

type Table = { oid: number; name: string; kind: 'r' | 'p'; options: string[] | null; partitioned_by: string | null };
type Column = {
  name: string;
  type: string;
  not_null: boolean;
  identity: '' | 'a' | 'd';
  generated: '' | 's' | 'v';
  value: string | null;
  collation: string | null;
};

/** The same text for the same schema, whatever the order in which it came to be. */
export async function describeSchema(db: Db): Promise<string> {
  const texts = async (query: string, values: unknown[] = []): Promise<string[]> =>
    (await db.query<{ text: string }>(query, values)).rows.map(({ text }) => withoutSchema(text));
  const parts = await texts(SEQUENCES);
  for (const table of (await db.query<Table>(TABLES)).rows) {
    const { rows: columns } = await db.query<Column>(COLUMNS, [table.oid]);
    const lines = [...columns.map(describeColumn), ...(await texts(CONSTRAINTS, [table.oid]))];
    const after =
      (table.partitioned_by === null ? '' : ` partition by ${table.partitioned_by}`) +
      (table.options === null ? '' : ` with (${table.options.join(', ')})`);
    const rest = [...(await texts(INDEXES, [table.oid])), ...(await texts(TRIGGERS, [table.oid]))];
    parts.push([`create table ${table.name} (\n  ${lines.join(',\n  ')}\n)${after}`, ...rest].join(';\n'));
  }
  parts.push(...(await texts(VIEWS)).map((text) => text.replace(/;$/, '')));
  const functions = await texts(FUNCTIONS);
  return [...parts.map((part) => `${part};`), ...functions].join('\n\n') + '\n';
}

const withoutSchema = (text: string): string => text.replaceAll('public.', '');

function describeColumn({ name, type, not_null, identity, generated, value, collation }: Column): string {
  return [
    `${name} ${type}`,
    ...(collation === null ? [] : [`collate "${collation}"`]),
    ...(generated === '' ? [] : [`generated always as (${value}) ${generated === 's' ? 'stored' : 'virtual'}`]),
    ...(identity === '' ? [] : [`generated ${identity === 'a' ? 'always' : 'by default'} as identity`]),
    ...(not_null ? ['not null'] : []),
    ...(value === null || generated !== '' ? [] : [`default ${value}`]),
  ].join(' ');
}
