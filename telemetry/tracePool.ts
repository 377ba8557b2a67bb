/** What is asked of Postgres, as spans of whatever asks. Nothing is told of the values, and nothing of what no span has asked. */
import type { Pool, PoolClient } from 'pg';
import type { Tracing } from './spans';

type Callback = (error: Error | null, result?: unknown) => void;
type Query = (...given: unknown[]) => unknown;

/** From now on, for all of its connections. */
export function tracePool(pool: Pool, tracing: Tracing): void {
  pool.on('connect', (client) => traceClient(client, tracing));
  const connect = pool.connect.bind(pool) as (done?: (...given: unknown[]) => void) => unknown;
  // A query of the pool that waited for a connection would go on within whatever has given that back.
  Object.assign(pool, {
    connect(done?: (...given: unknown[]) => void) {
      if (!done) return connect();
      const within = tracing.keep();
      return connect((...given) => within(() => done(...given)));
    },
  });
}

function traceClient(client: PoolClient, tracing: Tracing): void {
  const query = client.query.bind(client) as Query;
  Object.assign(client, {
    query(...given: unknown[]) {
      if (!tracing.current()) return query(...given);
      const options = { kind: 'client', attributes: { 'db.system.name': 'postgresql' } } as const;
      const done = given.at(-1);
      const name = `ledger ${summaryOf(given[0])}`;
      if (typeof done !== 'function') return tracing.span(name, options, () => query(...given) as Promise<unknown>);
      const within = tracing.keep();
      const answered = tracing.span(name, options, () => asPromise(query, given.slice(0, -1)));
      return void answered.then(
        (result) => within(() => (done as Callback)(null, result)),
        (error: Error) => within(() => (done as Callback)(error)),
      );
    },
  });
}

const asPromise = (query: Query, given: unknown[]): Promise<unknown> =>
  new Promise((resolve, reject) => {
    query(...given, (error: Error | null, result: unknown) => (error ? reject(error) : resolve(result)));
  });

/** `select accounts`, `insert payments`, `begin`: the statement's first word, and the first table or function that it names. */
function summaryOf(query: unknown): string {
  const text = typeof query === 'string' ? query : ((query as { text?: string } | null)?.text ?? '');
  const verb = /^[\s(]*(\w+)/.exec(text)?.[1]?.toLowerCase() ?? 'query';
  const [, place] = /\b(?:from|into|update)\s+(?:only\s+)?([a-z_]+)/i.exec(text) ?? [];
  return place === undefined ? verb : `${verb} ${place}`;
}
