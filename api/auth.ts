/** Who is asking: bearer keys, looked up by hash and remembered for less than a second. */
import type { Pool } from 'pg';
import { Problem } from '../domain/errors';
import { findKeyHolder, hashOf, type KeyHolder } from '../ledger/apiKeys';

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
/** While the database can't be reached nobody can revoke a key either: known ones stay good for so long. */
const OUTAGE_MS_MAX = 10_000;
const KEYS_MAX = 10_000;
const KEY_LENGTH_MAX = 256;

export type Keyring = {
  /** Throws `unauthenticated` for no, an unknown or a revoked key. */
  authenticate(authorization: string | undefined): Promise<Principal>;
  /** After any change of keys or members: everything is looked up again. */
  forget(): void;
};

type Known = { principal: Principal; atMs: number };

export function createKeyring(pool: Pool, now: () => number): Keyring {
  let known = new Map<string, Known>();
  let lookups = new Map<string, Promise<Principal>>();

  async function lookUp(hash: Buffer, name: string, atMs: number): Promise<Principal> {
    const memory = known; // what is forgotten meanwhile must not be remembered by this look
    const earlier = memory.get(name);
    try {
      const holder = await findKeyHolder(pool, hash);
      memory.delete(name);
      if (!holder) throw unauthenticated();
      if (memory.size >= KEYS_MAX) memory.clear();
      const principal = toPrincipal(holder);
      memory.set(name, { principal, atMs });
      return principal;
    } catch (error) {
      if (!(error instanceof Problem) && earlier && atMs - earlier.atMs < OUTAGE_MS_MAX) return earlier.principal;
      throw error;
    }
  }

  return {
    async authenticate(authorization) {
      const key = /^Bearer ([\x21-\x7e]+)$/i.exec(authorization ?? '')?.[1];
      if (key === undefined || key.length > KEY_LENGTH_MAX) throw unauthenticated();
      const atMs = now();
      const hash = hashOf(key);
      const name = hash.toString('base64');
      const remembered = known.get(name);
      if (remembered && atMs - remembered.atMs < STALE_MS_MAX) return remembered.principal;
      const underWay = lookups.get(name);
      if (underWay) return underWay;
      const mine = lookups;
      const lookup = lookUp(hash, name, atMs).finally(() => mine.delete(name));
      mine.set(name, lookup);
      return lookup;
    },
    forget() {
      known = new Map();
      lookups = new Map();
    },
  };
}

const toPrincipal = (holder: KeyHolder): Principal => ({
  role: holder.role,
  accountId: 'accountId' in holder ? holder.accountId : null,
  actor: `${holder.role}:${holder.name}`,
});

const unauthenticated = (): Problem =>
  new Problem('unauthenticated', 'Send a key that is in force as `Authorization: Bearer <key>`.');
