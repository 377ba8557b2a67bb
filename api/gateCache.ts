/** Every account's gate in memory: at once from this process's own commits, through Postgres from all others (S5, S6). */
import type { Logger } from 'pino';
import type { Pool } from 'pg';
import { Problem } from '../domain/errors';
import type { Gate } from '../domain/gate';
import { readChangedGates, readGate, readGateMark, readGatePage, type GateMark } from '../ledger/gates';
import { toGate, type GateFields } from '../ledger/position';
import { openGateFeed } from './gateFeed';

export type GateCache = {
  /** Reads all gates and follows them. Resolves when they are complete; until then each is looked up. */
  start(): Promise<void>;
  /** Takes over a gate this process has just committed; an older version than the known one changes nothing. */
  learn(gate: GateFields): void;
  /** Reads one account's gate, because another process is known to have changed it. Failures are left to the feed. */
  look(accountId: string): Promise<void>;
  /** The gate as of now, or null for an unknown account. Throws `gate_stale` when the feed was lost too long ago. */
  find(accountId: string): Promise<Gate | null>;
  close(): Promise<void>;
};

export type GateCacheOptions = {
  pool: Pool;
  databaseUrl: string;
  log: Logger;
  now(): number;
  /** A gate that may be older than this is not told any more. @default 10_000 */
  staleMsMax?: number;
};

const PAGE_GATES = 10_000;
const REFRESH_MS = 1_000;

export function createGateCache({ pool, databaseUrl, log, now, staleMsMax = 10_000 }: GateCacheOptions): GateCache {
  const gates = new Map<string, GateFields>();
  /** Where to read on; null until all gates were read once. */
  let mark: GateMark | null = null;
  let freshMs = -Infinity;
  let refreshing: Promise<void> | null = null;
  let pokedAgain = false;

  const learn = (gate: GateFields): void => {
    const known = gates.get(gate.accountId);
    if (known && known.gateVersion >= gate.gateVersion) return;
    const { accountId, gateState, gateReasons, gateVersion, reloadDueMs } = gate;
    gates.set(accountId, { accountId, gateState, gateReasons, gateVersion, reloadDueMs });
  };

  async function readAll(): Promise<GateMark> {
    const start = await readGateMark(pool);
    for (let after = ''; ; ) {
      const page = await readGatePage(pool, after, PAGE_GATES);
      page.forEach(learn);
      if (page.length < PAGE_GATES) return start;
      after = page.at(-1)!.accountId;
    }
  }

  async function readOn(): Promise<void> {
    do {
      pokedAgain = false;
      const startedMs = now();
      mark ??= await readAll();
      const changed = await readChangedGates(pool, mark);
      changed.gates.forEach(learn);
      mark = changed.mark;
      freshMs = startedMs;
    } while (pokedAgain);
  }

  /** One reader at a time: a poke that comes while it reads makes it read once more. */
  function refresh(): Promise<void> {
    if (refreshing) pokedAgain = true;
    return (refreshing ??= readOn().finally(() => (refreshing = null)));
  }

  const poke = (): void => void refresh().catch((error: Error) => log.warn({ err: error }, 'gates could not be read'));
  const feed = openGateFeed(databaseUrl, poke, log);
  const timer = setInterval(poke, REFRESH_MS);
  timer.unref();

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
      const known = mark === null ? undefined : gates.get(accountId);
      if (!known) {
        const asked = await readGate(pool, accountId);
        if (!asked) return null;
        learn(asked);
        return toGate(gates.get(accountId) ?? asked, now());
      }
      if (now() - freshMs > staleMsMax) throw new Problem('gate_stale', 'The gate has not heard from the database for too long.', { retryAfterSeconds: 1 });
      return toGate(known, freshMs);
    },
    async close() {
      clearInterval(timer);
      await feed.close();
      await refreshing?.catch(() => {});
    },
  };
}
