/** Every account's gate in memory: at once from this process's own commits, through Postgres from all others (S5, S6). */
import type { Logger } from 'pino';
import type { Pool } from 'pg';
import { Problem } from '../../domain/errors';
import type { Gate, StalePolicy } from '../../domain/gate';
import { toGate, type GateFields } from '../../ledger/accounts/position';
import type { Clock } from '../../ledger/clock';
import { readGate } from '../../ledger/gates/readGate';
import { createPulse, isNoAnswer, type Pulse } from '../http/pulse';
import { createGateReader, type GateReader } from './gateReader';
import { fieldsOf, type KnownGate } from './gateTable';
import { createKnownGates, type KnownGates } from './knownGates';

export type GateCache = Omit<KnownGates, 'look'> &
  GateReader & {
    /** Reads one account's gate, because another process is known to have changed it. Failures are left to the reader. */
    look(accountId: string): Promise<void>;
    /**
     * The gate as of the last look, or null for an unknown account. Waits for the database no longer than a lookup may
     * take. For a gate that is stale or can't be looked up the policy decides (S6): `gate_stale` is thrown, or the last answer is given.
     */
    find(accountId: string): Promise<Gate | null>;
    /** The same from memory alone: undefined says that `find` must be asked. */
    recall(accountId: string): KnownGate | undefined;
  };

export type GateCacheOptions = {
  pool: Pool;
  /** For what somebody waits for: its connections are never taken by anything slow. @default pool */
  lookups?: Pool;
  /** @default one of its own */
  pulse?: Pulse;
  databaseUrl: string;
  log: Logger;
  /** Its time is what gates are told as of; each look at the database measures it. */
  clock: Clock;
  /** @default fail_closed after 10 s */
  policy?: StalePolicy;
};

export const FAIL_CLOSED: StalePolicy = { onStale: 'fail_closed', staleAfterMs: 10_000 };

/** Until `start` has resolved, each gate is looked up. */
export function createGateCache({
  pool,
  lookups = pool,
  pulse = createPulse(),
  databaseUrl,
  log,
  clock,
  policy = FAIL_CLOSED,
}: GateCacheOptions): GateCache {
  const known = createKnownGates();
  const reader = createGateReader({ known, pool, databaseUrl, log, clock });

  const isTellable = (): boolean =>
    (clock.now() - known.asOf().ms <= policy.staleAfterMs && !clock.mayHaveSlept()) || policy.onStale === 'fail_open';
  /** Until all gates were read once, what is known may be older than it seems: each is looked up. */
  const get = (accountId: string): KnownGate | undefined =>
    known.isComplete() ? known.table.get(accountId) : undefined;
  const ask = (accountId: string): Promise<GateFields | null> => pulse.ask(() => readGate(lookups, accountId));

  /** Of an account that can't be looked up nothing is known: the policy says what that means (S6). */
  async function lookUp(accountId: string): Promise<Gate | null> {
    try {
      const asked = await ask(accountId);
      if (!asked) return null;
      known.learn(asked);
      return toGate(fieldsOf(known.table.get(accountId)!), clock.now());
    } catch (error) {
      if (!isNoAnswer(error)) throw error;
      if (policy.onStale === 'fail_closed') throw stale();
      return toGate(nothingKnown(accountId), clock.now());
    }
  }

  return {
    ...known,
    ...reader,
    async look(accountId) {
      const gate = await ask(accountId).catch(() => null);
      if (gate) known.learn(gate);
    },
    async find(accountId) {
      const gate = get(accountId);
      if (!gate) return lookUp(accountId);
      if (!isTellable()) throw stale();
      return toGate(fieldsOf(gate), known.asOf().ms);
    },
    recall: (accountId) => (isTellable() ? get(accountId) : undefined),
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

const stale = (): Problem =>
  new Problem('gate_stale', 'The gate has not heard from the database for too long.', { retryAfterSeconds: 1 });
