// All state of the simulator: one table of objects in a schema of its own, found by id or by what they belong to.
import { DatabaseError, Pool, type QueryConfig, type QueryResultRow } from 'pg';
import { unavailable } from './errors';
import { BELONGS_TO, schemaSql } from './schema';
import type { TableName, Tables } from './tables';

/** `version`: 0 for one that is not stored yet. */
export type Stored<T = unknown> = { id: string; value: T; version: number };

/** `value` null: gone. `owed`: an event that the webhook endpoint has yet to take. */
export type Change = { kind: TableName; id: string; version: number; created: number; value: unknown; owed: boolean };

/** Narrows a list: by one of BELONGS_TO, by `created` (Unix seconds, inclusive), and to what is older than an object. */
export type Selection = {
  where?: { field: string; equals: string } | undefined;
  createdFrom?: number;
  createdTo?: number;
  olderThan?: string | undefined;
};

/** An object was changed by somebody else between its reading and its writing: nothing was written. */
export class Conflict extends Error {}

/** not_null_violation of the version, deadlock_detected. */
const CONFLICTS = ['23502', '40P01'];
/** Classes of errors that say Postgres is going away, has no room, or refuses to connect. */
const OUTAGES = ['08', '53', '57'];

export class Store {
  private constructor(private readonly pool: Pool) {}

  /** Opens the simulator's schema in a database of Postgres, which it creates where it is missing. */
  static async open(databaseUrl: string, schema = 'stripe_simulator'): Promise<Store> {
    const pool = new Pool({
      connectionString: databaseUrl,
      application_name: 'stripe-simulator',
      connectionTimeoutMillis: 5_000,
      options: `-c search_path=${schema}`,
    });
    // Without a listener, a connection that breaks would end the process.
    pool.on('error', () => undefined);
    pool.on('connect', (client) => client.on('error', () => undefined));
    const store = new Store(pool);
    await pool.query(schemaSql(schema));
    await store.forgetOld();
    return store;
  }

  close(): Promise<void> {
    return this.pool.end();
  }

  /** All that have one of these ids: a payment method has a card, a session has details of the same id. */
  find(ids: string[]): Promise<(Stored & { kind: TableName })[]> {
    const text = 'select kind, id, body as value, version from objects where id = any($1) and body is not null';
    return this.query({ name: 'find', text, values: [ids] });
  }

  /** Newest first. */
  async list<Name extends TableName>(kind: Name, selection: Selection, limit: number): Promise<Stored<Tables[Name]>[]> {
    const { where, createdFrom = 0, createdTo = Number.MAX_SAFE_INTEGER, olderThan = null } = selection;
    if (where !== undefined && !BELONGS_TO.includes(where.field)) throw new Error(`${where.field} has no index.`);
    const values = [kind, createdFrom, createdTo, limit, ...(olderThan === null ? [] : [olderThan])];
    const text = `
      select id, body as value, version from objects
      where kind = $1 and created between $2 and $3 and body is not null
      ${where === undefined ? '' : `and ${where.field} = $${values.push(where.equals)}`}
      ${olderThan === null ? '' : 'and (created, place) < (select created, place from objects where kind = $1 and id = $5)'}
      order by created desc, place desc limit $4`;
    const name = `list by ${where?.field ?? 'kind'}${olderThan === null ? '' : ', older than'}`;
    return this.query<Stored<Tables[Name]>>({ name, text, values });
  }

  /**
   * Writes all of the changes or none, in one statement. Throws Conflict when an object has another version by now:
   * it would get none, which the table refuses. Those that are there already come first and sorted, so that two
   * writers take their locks in the same order.
   */
  async write(changes: Change[]): Promise<void> {
    const sorted = changes
      .filter(({ version }) => version > 0)
      .sort((one, other) => (one.id < other.id ? -1 : 1))
      .concat(changes.filter(({ version }) => version === 0));
    const columns = ['kind', 'id', 'version', 'created', 'body', 'due_at', ...BELONGS_TO];
    const values: unknown[] = [];
    const rows = sorted.map(({ kind, id, version, created, value, owed }) => {
      const names = BELONGS_TO.map((field) => (value as Record<string, unknown> | null)?.[field] ?? null);
      const row = [kind, id, version + 1, created, value === null ? null : JSON.stringify(value), owed, ...names];
      const places = row.map((item) => `$${values.push(item)}`);
      places[5] = `case when ${places[5]}::boolean then now() end`;
      return `(${places.join()})`;
    });
    const kept = columns.filter((column) => column !== 'version').map((column) => `${column} = excluded.${column}`);
    const text = `
      insert into objects (${columns.join()}) values ${rows.join()}
      on conflict (id, kind) do update set ${kept.join()}, attempts = 0,
        version = case when objects.version = excluded.version - 1 then excluded.version end`;
    await this.query({ name: `write ${rows.length}`, text, values });
  }

  /** What all movements of the merchant's balance add up to, in cents. */
  async balance(): Promise<number> {
    const text = `select coalesce(sum((body->>'net')::bigint), 0)::float8 as sum from objects where kind = 'balance_transactions'`;
    return (await this.query<{ sum: number }>({ text }))[0]!.sum;
  }

  async reset(): Promise<void> {
    await this.query({ text: 'truncate objects' });
  }

  /** As if a day had passed: what is asked under a key from before is asked anew. */
  async forgetKeys(): Promise<void> {
    await this.query({ text: `delete from objects where kind = 'idempotency'` });
  }

  /** As long as Stripe keeps them: events 30 days, idempotency keys 24 hours. */
  async forgetOld(): Promise<void> {
    await this.pool.query(`
      delete from objects where created < extract(epoch from now()) - 86400 and (kind = 'idempotency' or body is null);
      delete from objects where created < extract(epoch from now()) - 30 * 86400 and kind = 'events'`);
  }

  /** While Postgres is away, so is "Stripe": what was asked is not known to be done, and may be asked again. */
  async query<Row extends QueryResultRow>(query: QueryConfig): Promise<Row[]> {
    try {
      return (await this.pool.query<Row>(query)).rows;
    } catch (error) {
      const code = error instanceof DatabaseError ? (error.code ?? '') : '08';
      if (CONFLICTS.includes(code)) throw new Conflict();
      throw OUTAGES.includes(code.slice(0, 2)) ? unavailable() : error;
    }
  }
}
