/** Every account's gate in memory: at once from this process's own commits, through Postgres from all others (S5, S6). */
import type { Logger } from 'pino';
import type { Pool } from 'pg';
import { Problem, unavailable } from '../../domain/errors';
import type { Gate, StalePolicy } from '../../domain/gate';
import { adoptGates } from '../../ledger/gates/adoptGates';
import type { Db } from '../../ledger/db';
import {
  goesOn,
  readChangedGates,
  readGate,
  readGatePage,
  readGatePoint,
  type GatePoint,
} from '../../ledger/gates/gates';
import { toGate, type GateFields } from '../../ledger/accounts/position';
import { openGateFeed } from './gateFeed';
import { createGateTable, fieldsOf, type GateTable, type KnownGate, type Moment } from './gateTable';
import { isDatabaseOutage } from '../http/problems';
import { createUnmetGates } from './unmetGates';
import { within } from '../http/within';

export type GateCache = {
  /** Reads all gates and follows them. Resolves when they are complete; until then each is looked up. */
  start(): Promise<void>;
  /** Takes over a gate this process has just committed; an older version than the known one changes nothing. */
  learn(gate: GateFields): void;
  /** Reads one account's gate, because another process is known to have changed it. Failures are left to the feed. */
  look(accountId: string): Promise<void>;
  /** The gate as of the last look, or null for an unknown account. A stale one follows the policy (S6): `gate_stale` is thrown, or it stands. */
  find(accountId: string): Promise<Gate | null>;
  /** The same from memory alone: undefined says that `find` must be asked. */
  recall(accountId: string): KnownGate | undefined;
  /** All that is known, by account. */
  table: Pick<GateTable, 'get' | 'values'>;
  /** When what is known was last held against the database. */
  asOf(): Moment;
  /** All changes before this point are known; null until all gates were read once, and while they are read anew. */
  point(): GatePoint | null;
  /** Looks at the database now. When it resolves, all gates are known. */
  refresh(): Promise<void>;
  /** Tells of each change as soon as it is known; those of one look in one turn of the event loop, with the new `point`. */
  onChange(listener: (changed: KnownGate) => void): void;
  /** Tells when all that was known is replaced, because the database has another history. */
  onReplaced(listener: () => void): void;
  close(): Promise<void>;
};

export type GateCacheOptions = {
  pool: Pool;
  databaseUrl: string;
  log: Logger;
  now(): number;
  /** @default fail_closed after 10 s */
  policy?: StalePolicy;
};

/** Small enough to leave little behind for the garbage collector, large enough that round trips don't count. */
const PAGE_GATES = 5_000;
const REFRESH_MS = 1_000;
/** A look that takes longer is given up: the connection may be dead without a word. */
const LOOK_MS_MAX = 5_000;
/** This one waits for accounts' locks. */
const ADOPT_MS_MAX = 25_000;

export const FAIL_CLOSED: StalePolicy = { onStale: 'fail_closed', staleAfterMs: 10_000 };

export function createGateCache({ pool, databaseUrl, log, now, policy = FAIL_CLOSED }: GateCacheOptions): GateCache {
  let table = createGateTable();
  /** Takes the table's place when it is complete: while all gates are read, the known ones stand, and grow stale (S6). */
  let coming: GateTable | null = null;
  /** Where to read on; null until all gates were read once. */
  let point: GatePoint | null = null;
  /** The point is of another history than the database's: all must be read. */
  let isForeign = false;
  const unmet = createUnmetGates();
  let asOf: Moment = { ms: -Infinity, text: '' };
  let refreshing: Promise<void> | null = null;
  let pokedAgain = false;
  let tell: (changed: KnownGate) => void = () => {};
  let tellReplaced = (): void => {};

  const learn = (gate: GateFields): void => {
    const isNews = (coming ?? table).learn(gate);
    if (isNews) unmet.learned(gate.accountId);
    // Versions of two histories can't be compared: until all are read, the newest word stands.
    if (isForeign) table.forget(gate.accountId);
    if (coming ? table.learn(gate) : isNews) tell(table.get(gate.accountId)!);
  };

  const meet = (gate: GateFields): void => {
    const met = coming ?? table;
    if (met.learn(gate) && !coming) tell(table.get(gate.accountId)!);
    if (met.get(gate.accountId)!.version === gate.gateVersion) unmet.met(gate.accountId);
  };

  async function readAll(db: Db): Promise<GatePoint> {
    unmet.clear();
    coming = createGateTable();
    await within(ADOPT_MS_MAX, adoptGates(db), noAnswer);
    const start = await within(LOOK_MS_MAX, readGatePoint(db), noAnswer);
    for (let after = ''; ;) {
      const page = await within(LOOK_MS_MAX, readGatePage(db, after, PAGE_GATES), noAnswer);
      page.forEach(meet);
      if (page.length < PAGE_GATES) return start;
      after = page.at(-1)!.accountId;
    }
  }

  async function readOn(): Promise<void> {
    do {
      pokedAgain = false;
      const startedMs = now();
      unmet.beginLook();
      const since = point === null || isForeign ? await readAll(pool) : point;
      const changed = await within(LOOK_MS_MAX, readChangedGates(feed.connection() ?? pool, since.mark), noAnswer);
      const isSame = goesOn(since, changed.point);
      if (isSame) changed.gates.forEach(meet);
      if (!isSame || unmet.hasOverdue()) {
        log.warn('the database has another history than before, or has started again: all gates are read anew');
        isForeign = true;
        pokedAgain = true;
        continue;
      }
      point = changed.point;
      asOf = { ms: startedMs, text: new Date(startedMs).toISOString() };
      if (coming) replaceTable(coming);
    } while (pokedAgain);
  }

  /** Streams begin again with the new history. */
  function replaceTable(complete: GateTable): void {
    table = complete;
    coming = null;
    isForeign = false;
    tellReplaced();
  }

  /** One reader at a time: a poke that comes while it reads makes it read once more. */
  function refresh(): Promise<void> {
    if (refreshing) pokedAgain = true;
    return (refreshing ??= readOn().finally(() => (refreshing = null)));
  }

  const poke = (): void =>
    void refresh().catch((error: Error) => {
      feed.reset();
      log.warn({ err: error }, 'gates could not be read');
    });
  const feed = openGateFeed(databaseUrl, poke, log);
  const timer = setInterval(poke, REFRESH_MS);
  timer.unref();

  const isTellable = (): boolean => now() - asOf.ms <= policy.staleAfterMs || policy.onStale === 'fail_open';
  /** Until all gates were read once, what is known may be older than it seems: each is looked up. */
  const known = (accountId: string): KnownGate | undefined => (point === null ? undefined : table.get(accountId));

  /** An account that can't be looked up is denied where the policy wants an answer (S6). */
  async function lookUp(accountId: string): Promise<Gate | null> {
    try {
      const asked = await readGate(pool, accountId);
      if (!asked) return null;
      learn(asked);
      return toGate(fieldsOf(table.get(accountId)!), now());
    } catch (error) {
      if (policy.onStale === 'fail_open' && isDatabaseOutage(error)) return toGate(nothingKnown(accountId), now());
      throw error;
    }
  }

  return {
    async start() {
      feed.start();
      await refresh();
    },
    learn,
    async look(accountId) {
      const gate = await readGate(pool, accountId).catch(() => null);
      if (gate) learn(gate);
    },
    async find(accountId) {
      const gate = known(accountId);
      if (!gate) return lookUp(accountId);
      if (!isTellable())
        throw new Problem('gate_stale', 'The gate has not heard from the database for too long.', {
          retryAfterSeconds: 1,
        });
      return toGate(fieldsOf(gate), asOf.ms);
    },
    recall: (accountId) => (isTellable() ? known(accountId) : undefined),
    table: { get: (accountId) => table.get(accountId), values: () => table.values() },
    asOf: () => asOf,
    point: () => (isForeign ? null : point),
    refresh,
    onChange(listener) {
      tell = listener;
    },
    onReplaced(listener) {
      tellReplaced = listener;
    },
    async close() {
      clearInterval(timer);
      await feed.close();
      await refreshing?.catch(() => {});
    },
  };
}

/** The answer for an account of which nothing is known: no. */
export const nothingKnown = (accountId: string): GateFields => ({
  accountId,
  gateState: 'suspended',
  gateReasons: [],
  gateVersion: 0,
  reloadDueMs: null,
});

const noAnswer = (): Problem => unavailable('database_unavailable', 'The database did not answer in time.');
