/** Who is asking: by a bearer key, or by the cookie of a session in the console. */
import type { Pool } from 'pg';
import { Problem } from '../../domain/errors';
import type { StalePolicy } from '../../domain/gate';
import { findKeyHolders } from '../../ledger/accounts/findKeyHolders';
import { hashOf, type KeyHolder } from '../../ledger/accounts/apiKey';
import { findSessionHolders } from '../../ledger/sessions/findSessionHolders';
import type { Holder } from '../../ledger/sessions/session';
import { touchSession } from '../../ledger/sessions/touchSession';
import { createKnownHolders } from './knownHolders';
import { createPulse, type Pulse } from './pulse';

export type Role = KeyHolder['role'] | 'anybody';
export type Principal = {
  role: Role;
  /** The account whose member this is; null for the platform. */
  accountId: string | null;
  /** The member that the key or the session is of; null for the platform. */
  memberId: string | null;
  /** How audits and decisions name who did it: the same by key and by session. */
  actor: string;
};

export const anybody: Principal = { role: 'anybody', accountId: null, memberId: null, actor: 'anybody' };

const KEY_LENGTH_MAX = 256;
/** A session in use is written down as used so often: two hours without are its end. */
const TOUCH_MS = 60_000;
const TOUCHED_MAX = 10_000;

export type Keyring = {
  /**
   * Throws `unauthenticated` for no, an unknown or a revoked key, `database_unavailable` for one that can't be looked up.
   * @param refusal of an address that tried too many wrong ones: thrown when too many of such wait to be looked up. @default null: of another address
   */
  authenticate(authorization: string | undefined, refusal?: Problem | null): Promise<Principal>;
  /** The same from memory alone: undefined says that `authenticate` must be asked. */
  recall(authorization: string): Principal | undefined;
  /** As `authenticate`, by the token of a session's cookie. @param isUse false for what nobody asked for: it keeps no idle session going */
  authenticateSession(token: string, isUse?: boolean, refusal?: Problem | null): Promise<Principal>;
  /** Whether this process has found it in force, and has not heard since that it is not: nobody can guess such a one. */
  isFamiliar(by: 'key' | 'session', secret: string): boolean;
  /** After any change of keys or members: everything is looked up again. */
  forget(): void;
  /** After a session was ended. */
  forgetSession(token: string): void;
  close(): Promise<void>;
};

/** Keys and sessions in use are kept in memory; what another process revokes is followed within a second. */
export function createKeyring(
  pool: Pool,
  now: () => number,
  { onStale }: Pick<StalePolicy, 'onStale'>,
  pulse: Pulse = createPulse(),
): Keyring {
  const shared = { now, onStale, pulse };
  const keys = createKnownHolders<Principal>({
    ...shared,
    hashOf: (authorization) => hashOf(keyIn(authorization)),
    find: async (hashes) => (await findKeyHolders(pool, hashes)).map(toPrincipal),
    unauthenticated: noKey,
  });
  const sessions = createKnownHolders<Principal>({
    ...shared,
    hashOf,
    find: async (hashes) => (await findSessionHolders(pool, hashes)).map(toPrincipal),
    unauthenticated: noSession,
  });
  /** By token: when it was last written down as used. */
  const touched = new Map<string, number>();

  function touch(token: string): void {
    const nowMs = now();
    if (nowMs - (touched.get(token) ?? -Infinity) < TOUCH_MS) return;
    if (touched.size >= TOUCHED_MAX) touched.clear();
    touched.set(token, nowMs);
    // Who asks does not wait for it; the next use a minute later writes it down again.
    touchSession(pool, hashOf(token)).catch(() => {});
  }

  return {
    recall: keys.recall,
    authenticate: (authorization = '', refusal = null) => keys.authenticate(authorization, refusal),
    async authenticateSession(token, isUse = true, refusal = null) {
      const principal = await sessions.authenticate(token, refusal);
      if (isUse) touch(token);
      return principal;
    },
    isFamiliar: (by, secret) => (by === 'key' ? keys : sessions).isFamiliar(secret),
    forget() {
      keys.forget();
      sessions.forget();
    },
    forgetSession: (token) => sessions.forget(token),
    async close() {
      await keys.close();
      await sessions.close();
    },
  };
}

function keyIn(authorization: string): string {
  const key = /^Bearer ([\x21-\x7e]+)$/i.exec(authorization)?.[1];
  if (key === undefined || key.length > KEY_LENGTH_MAX) throw noKey();
  return key;
}

function toPrincipal(holder: Holder | null): Principal | null {
  if (holder === null) return null;
  const { role, name } = holder;
  const member = 'memberId' in holder ? holder : { accountId: null, memberId: null };
  return { role, accountId: member.accountId, memberId: member.memberId, actor: `${role}:${name}` };
}

const noKey = (): Problem =>
  new Problem('unauthenticated', 'Send a key that is in force as `Authorization: Bearer <key>`.');
const noSession = (): Problem => new Problem('unauthenticated', 'The session has ended: sign in again.');
