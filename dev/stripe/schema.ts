// The simulator's table, in a schema of its own: beside Ballast's, so that a restore of Ballast's database leaves "Stripe" as it is.

/** What objects are searched by: each names another object, or an address. */
export const BELONGS_TO = ['charge', 'customer', 'email', 'payment_intent', 'setup_intent', 'source'];

/** Idempotent, also when two processes run it at once. */
export function schemaSql(schema: string): string {
  return `
    select pg_advisory_xact_lock(7225580);
    create schema if not exists ${schema};
    create table if not exists ${schema}.objects (
      kind text not null,
      id text not null,
      place bigint generated always as identity, -- the order of creation within a second
      version int not null,                      -- grows with each change
      created bigint not null,                   -- Unix seconds
      body json,                                 -- null: the object was deleted
      due_at timestamptz,                        -- of an event: when it is next sent to the webhook endpoint
      attempts int not null default 0,           -- of an event: how often it was sent
      ${BELONGS_TO.map((field) => `${field} text,`).join('\n')}
      primary key (id, kind)
    );
    create index if not exists objects_by_age on ${schema}.objects (kind, created, place);
    create index if not exists objects_due on ${schema}.objects (due_at) where due_at is not null;
    ${BELONGS_TO.map((field) => `create index if not exists objects_by_${field} on ${schema}.objects (${field}, kind, created, place) where ${field} is not null;`).join('\n')}`;
}
