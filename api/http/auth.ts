/**
 * Who is asking: bearer keys, looked up once by their hash, then kept in memory and looked at again in the background,
 * so that a key in use never waits for the database. Another process's revocation is followed within a second.
 */
import type { Pool } from 'pg';
import { Problem } from '../../domain/errors';
import type { StalePolicy } from '../../domain/gate';
import { findKeyHolder, findKeyHolders } from '../../ledger/accounts/findKeyHolders';
import { hashOf, type KeyHolder } from '../../ledger/accounts/apiKey';
import { createPulse, type Pulse } from './pulse';

export type Role = KeyHolder['role'] | 'anybody';
export type Principal = {
  role: Role;
  /** The account whose member this is; null for the platform. */
  accountId: string | null;
  /** How audits and decisions name who did it. */
  actor: string;
};

export const anybody: Principal = { role: 'anybody', accountId: null, actor: 'anybody' };

/** A key revoked by another process is refused within this time; by this process, at once. */
const STALE_MS_MAX = 900;
/** Known keys are looked at again so often: well before they are stale, with time for the look itself. */
const REFRESH_MS = 300;
/** A look at all of them is given up after this time. */
const LOOK_MS_MAX = 2_000;
/** While the database does not answer, nobody can revoke a key either: keys in use stay good for so long. */
const OUTAGE_MS_MAX = 15 * 60_000;
/** A key that nobody has used for so long is not kept fresh any more. */
const UNUSED_MS_MAX = 60_000;
const KEYS_MAX = 10_000;
const KEY_LENGTH_MAX = 256;

export type Keyring = {
  /** Throws `unauthenticated` for no, an unknown or a revoked key, `database_unavailable` for one that can't be looked up. */
  authenticate(authorization: string | undefined): Promise<Principal>;
  /** The same from memory alone: undefined says that `authenticate` must be asked. */
  recall(authorization: string): Principal | undefined;
  /** After any change of keys or members: everything is looked up again. */
  forget(): void;
  close(): Promise<void>;
};

/** `atMs`: when the look that last found the key in force was begun. */
type Known = { hash: Buffer; principal: Principal; atMs: number; usedMs: number };

/**
 * While the database does not answer, keys in use stay good for 15 minutes, under `fail_open` until it answers again (S6);
 * a key that is not known is refused with 503, at once. A process cut off by itself follows a revocation no sooner.
 */
export function createKeyring(
  pool: Pool,
  now: () => number,
  { onStale }: Pick<StalePolicy, 'onStale'>,
  pulse: Pulse = createPulse(),
): Keyring {
  const outageMsMax = onStale === 'fail_open' ? Infinity : OUTAGE_MS_MAX;
  /** By the header as it comes, which is in memory anyway: hashing it for each request would cost more than the answer. */
  let known = new Map<string, Known>();
  let lookups = new Map<string, Promise<Principal>>();
  let refreshing: Promise<void> | null = null;

  function recall(authorization: string): Principal | undefined {
    const remembered = known.get(authorization);
    if (!remembered) return undefined;
    const nowMs = now();
    if (nowMs - remembered.atMs >= (pulse.isSilent() ? outageMsMax : STALE_MS_MAX)) return undefined;
    remembered.usedMs = nowMs;
    return remembered.principal;
  }

  async function lookUp(authorization: string): Promise<Principal> {
    const memory = known; // what is forgotten meanwhile must not be remembered by this look
    const hash = hashOf(keyIn(authorization));
    const atMs = now();
    let holder: KeyHolder | null;
    try {
      holder = await pulse.ask(() => findKeyHolder(pool, hash));
    } catch (error) {
      const earlier = memory.get(authorization);
      if (earlier && atMs - earlier.atMs < outageMsMax) return earlier.principal;
      throw error;
    }
    if (!holder) {
      memory.delete(authorization);
      throw unauthenticated();
    }
    if (memory.size >= KEYS_MAX) memory.clear();
    const principal = toPrincipal(holder);
    memory.set(authorization, { hash, principal, atMs, usedMs: atMs });
    return principal;
  }

  /** One look at all keys in use. What it doesn't find is not in force any more. */
  async function refresh(): Promise<void> {
    const memory = known;
    const atMs = now();
    // Without a key in use it still finds out whether a silent database answers again.
    if (memory.size === 0 && !pulse.isSilent()) return;
    const entries = [...memory];
    const hashes = entries.map(([, { hash }]) => hash);
    const holders = await pulse.look(LOOK_MS_MAX, () => findKeyHolders(pool, hashes));
    entries.forEach(([header, entry], index) => {
      const holder = holders[index];
      if (!holder || atMs - entry.usedMs > UNUSED_MS_MAX) return void memory.delete(header);
      entry.principal = toPrincipal(holder);
      entry.atMs = atMs;
    });
  }

  const timer = setInterval(() => {
    refreshing ??= refresh()
      .catch(() => {}) // the pulse knows
      .finally(() => (refreshing = null));
  }, REFRESH_MS);
  timer.unref();

  return {
    recall,
    async authenticate(authorization = '') {
      const remembered = recall(authorization);
      if (remembered) return remembered;
      const underWay = lookups.get(authorization);
      if (underWay) return underWay;
      const mine = lookups;
      const lookup = lookUp(authorization).finally(() => mine.delete(authorization));
      mine.set(authorization, lookup);
      return lookup;
    },
    forget() {
      known = new Map();
      lookups = new Map();
    },
    async close() {
      clearInterval(timer);
      await refreshing;
    },
  };
}

function keyIn(authorization: string): string {
  const key = /^Bearer ([\x21-\x7e]+)$/i.exec(authorization)?.[1];
  if (key === undefined || key.length > KEY_LENGTH_MAX) throw unauthenticated();
  return key;
}

const toPrincipal = (holder: KeyHolder): Principal => ({
  role: holder.role,
  accountId: 'accountId' in holder ? holder.accountId : null,
  actor: `${holder.role}:${holder.name}`,
});

const unauthenticated = (): Problem =>
  new Problem('unauthenticated', 'Send a key that is in force as `Authorization: Bearer <key>`.');
