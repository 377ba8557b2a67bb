/** The connection to Postgres: bigint comes as bigint, timestamps as Date; transactions as a function. */
import {
  Pool,
  types,
  type CustomTypesConfig,
  type PoolClient,
  type PoolConfig,
  type QueryConfig,
  type QueryResult,
  type QueryResultRow,
} from 'pg';

/** The type id of bigint, which never changes. */
const INT8: number = 20;

/** How values come, also on connections that are not of the pool. */
export const typesOfBallast: CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary'): unknown =>
    oid === INT8 && format !== 'binary' ? BigInt : types.getTypeParser(oid, format),
};

/** Something that runs a query: the pool, or the client that holds a transaction. */
export type Db = {
  query<Row extends QueryResultRow>(query: string | QueryConfig, values?: unknown[]): Promise<QueryResult<Row>>;
};
/** A Db inside a transaction: what takes one relies on the locks it holds until the end. */
export type Tx = PoolClient;

/** Nobody holds an account's lock for longer than a few milliseconds: who waits so long has met a fault. */
const LOCK_MS_MAX = 20_000;

export type QueryLimits = {
  /** Postgres ends a statement that takes longer, and nothing of its transaction is done. @default as long as it takes */
  statementMsMax?: number;
  /**
   * A query that is not answered by then fails, and its connection is closed: Postgres may be dead or frozen. Whether it
   * was done, or will be, is not known; who repeats it by its key finds out. @default as long as it takes
   */
  queryMsMax?: number;
};

/**
 * Of what callers, workflows and loops ask: by measurement it takes milliseconds, and the slowest a few seconds (usage of
 * years by day, a page of a long list, a result that ends a large batch). Longer than a wait for a lock, so that this is
 * told apart; and Postgres comes first, because its answer says that nothing was done. It ends no commit that waits for
 * its standby: that is not acknowledged, and only the client gives up.
 */
export const SERVICE_LIMITS: Required<QueryLimits> = { statementMsMax: 25_000, queryMsMax: 30_000 };

/** Of what reads the whole ledger, or months of usage: nobody waits for it, and it is bounded all the same. */
export const LONG_LIMITS: Required<QueryLimits> = { statementMsMax: 600_000, queryMsMax: 605_000 };

/**
 * A process that takes only what others leave of the processor gets its first connection in ten times the usual time on a
 * busy machine; to give up then, and to start again, would take even more.
 */
export const LOW_PRIORITY_CONNECT_MS_MAX = 60_000;

export type DbPoolOptions = QueryLimits & {
  connectionsMax?: number;
  /** How long somebody waits for a connection before it counts as an outage. @default 5_000 */
  connectMsMax?: number | undefined;
  applicationName?: string;
  onIdleError?: (error: Error) => void;
  /** A standby will do: for who only reads, and for whom it is no matter how late what it reads is. @default false */
  mayBeStandby?: boolean;
  /** Connections stay open while nobody uses them (`openConnections`). @default false: for 10 s */
  keepIdle?: boolean;
};

/** What Postgres says of a write where it only reads: this server was the primary, or is not yet; soon another one is. */
export const READ_ONLY = '25006';

/**
 * Gives up a new connection to a standby. For a moment around a failover an address may lead to one: it would answer
 * what it reads, late, refuse what is written, and the connection would stay. The next connection finds the primary.
 */
const refuseStandby =
  (msMax: number): PoolConfig['verify'] =>
  (client, done) => {
    const question = { text: 'select pg_is_in_recovery() as standby', query_timeout: msMax };
    client.query<{ standby: boolean }>(question).then(
      ({ rows }) => done(rows[0]!.standby ? standby() : undefined),
      (error: Error) => done(error),
    );
  };

const standby = (): Error => Object.assign(new Error('The server is a standby, not the primary.'), { code: READ_ONLY });

/** Opens a pool. Connections that break end no process: idle ones are reported, others fail their query; the next opens a new one. */
export function openPool(url: string, options: DbPoolOptions = {}): Pool {
  const connectMsMax = options.connectMsMax ?? 5_000;
  const pool = new Pool({
    connectionString: url,
    max: options.connectionsMax ?? 10,
    application_name: options.applicationName ?? 'ballast',
    connectionTimeoutMillis: connectMsMax,
    ...(!options.mayBeStandby && { verify: refuseStandby(connectMsMax) }),
    types: typesOfBallast,
    ...(options.queryMsMax !== undefined && { query_timeout: options.queryMsMax }),
    ...(options.keepIdle && { idleTimeoutMillis: 0 }),
    // A host that vanishes, or freezes in mid-transaction, must not keep an account's lock from all others.
    keepAlive: true,
    idle_in_transaction_session_timeout: 10_000,
    lock_timeout: LOCK_MS_MAX,
    options: [
      ...['tcp_keepalives_idle=5', 'tcp_keepalives_interval=2', 'tcp_keepalives_count=3', 'tcp_user_timeout=15000'],
      ...(options.statementMsMax === undefined ? [] : [`statement_timeout=${options.statementMsMax}`]),
    ]
      .map((setting) => `-c ${setting}`)
      .join(' '),
  });
  pool.on('error', options.onIdleError ?? (() => {}));
  // One that breaks while it is taken out fails its query; without a listener it would end the process too.
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}

/** Opens all of a pool's connections, so that no question waits for one. Those that can't be opened now are opened when they are needed. */
export async function openConnections(pool: Pool): Promise<void> {
  const opened = await Promise.allSettled(Array.from({ length: pool.options.max }, () => pool.connect()));
  for (const client of opened) if (client.status === 'fulfilled') client.value.release();
}

/** A query had no answer in time (`queryMsMax`): what became of it is not known. */
export const isUnanswered = (error: unknown): boolean =>
  error instanceof Error && error.message === 'Query read timeout';

/** Runs `work` on a connection that it has for itself. If it throws, the connection is closed, and what its session has locked is free. */
export async function onConnection<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    return await work(client);
  } catch (error) {
    broken = error as Error;
    throw error;
  } finally {
    client.release(broken);
  }
}

/** Runs `work` in a transaction: commits what it returns from, rolls back what it throws from. */
export async function transaction<T>(pool: Pool, work: (tx: Tx) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    return await transactionOn(client, work, (failure) => (broken = failure));
  } finally {
    client.release(broken);
  }
}

/** The same on a connection that the caller keeps. @param onBroken told when it is of no more use: not even the rollback went through, or it only reads */
export async function transactionOn<T>(
  client: PoolClient,
  work: (tx: Tx) => Promise<T>,
  onBroken: (error: Error) => void,
): Promise<T> {
  try {
    await client.query('begin');
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    // Nothing that is asked now would be answered sooner. With the connection ends what it has not committed.
    if (isUnanswered(error)) onBroken(error as Error);
    else await client.query('rollback').catch(onBroken);
    // The server is not the primary any more: the next to use the connection would find the same.
    if ((error as { code?: unknown }).code === READ_ONLY) onBroken(error as Error);
    throw error;
  }
}
