/**
 * Whom secrets speak for: looked up once by their hash, then kept in memory and looked at again in the background, so
 * that one in use never waits for the database. What another process revokes is followed within a second.
 */
import { unavailable, type Problem } from '../../domain/errors';
import type { StalePolicy } from '../../domain/gate';
import { createFamiliar } from './familiar';
import { createLookups } from './lookups';
import type { Pulse } from './pulse';

/** A secret revoked by another process is refused within this time; by this process, at once. */
const STALE_MS_MAX = 900;
/** Known secrets are looked at again so often: well before they are stale, with time for the look itself. */
const REFRESH_MS = 300;
/** A look at all of them is given up after this time. */
const LOOK_MS_MAX = 2_000;
/** While the database does not answer, nobody can revoke a secret either: those in use stay good for so long. */
const OUTAGE_MS_MAX = 15 * 60_000;
/** A secret that nobody has used for so long is not kept fresh any more. */
const UNUSED_MS_MAX = 60_000;
const KNOWN_MAX = 10_000;

/** However many come, they take two connections for a few milliseconds each, and the look at known ones waits no longer. */
const LOOKUPS = { questionsMax: 2, itemsMax: 500, waitingMax: 2_000 };
/** From addresses that have tried too many wrong ones: 1,000 in a second at most. */
const STRANGE_LOOKUPS = { questionsMax: 1, itemsMax: 50, waitingMax: 50, pauseMs: 50 };

export type KnownHolders<Holder> = {
  /**
   * Throws `unauthenticated` for one that is unknown or revoked, `database_unavailable` for one that can't be looked up.
   * @param refusal of an address that tried too many wrong ones: thrown when too many of such wait already. Null: of another
   */
  authenticate(secret: string, refusal: Problem | null): Promise<Holder>;
  /** Whether it was found in force, and not heard since that it is not. */
  isFamiliar(secret: string): boolean;
  /** The same from memory alone: undefined says that `authenticate` must be asked. */
  recall(secret: string): Holder | undefined;
  /** After any change that may end a secret or change its holder: that one, or everything, is looked up again. */
  forget(secret?: string): void;
  close(): Promise<void>;
};

export type KnownHoldersOptions<Holder> = {
  /** Milliseconds that never jump. */
  now(): number;
  onStale: StalePolicy['onStale'];
  pulse: Pulse;
  /** Of the secret as it comes. Throws `unauthenticated` where it can't be one. */
  hashOf(secret: string): Buffer;
  /** In their order; null where nothing in force has the hash. */
  find(hashes: readonly Buffer[]): Promise<(Holder | null)[]>;
  unauthenticated(): Problem;
};

/** `atMs`: when the look that last found the secret in force was begun. */
type Known<Holder> = { hash: Buffer; holder: Holder; atMs: number; usedMs: number };

/**
 * While the database does not answer, secrets in use stay good for 15 minutes, under `fail_open` until it answers again
 * (S6); one that is not known is refused with 503, at once. A process cut off by itself follows a revocation no sooner.
 */
export function createKnownHolders<Holder>(options: KnownHoldersOptions<Holder>): KnownHolders<Holder> {
  const { now, onStale, pulse, hashOf, find, unauthenticated } = options;
  const outageMsMax = onStale === 'fail_open' ? Infinity : OUTAGE_MS_MAX;
  /** By the secret as it comes, which is in memory anyway: hashing it for each request would cost more than the answer. */
  let known = new Map<string, Known<Holder>>();
  let lookups = new Map<string, Promise<Holder>>();
  const familiar = createFamiliar(KNOWN_MAX);
  const queueFor = createQueues(find);
  let refreshing: Promise<void> | null = null;

  function recall(secret: string): Holder | undefined {
    const remembered = known.get(secret);
    if (!remembered) return undefined;
    const nowMs = now();
    if (nowMs - remembered.atMs >= (pulse.isSilent() ? outageMsMax : STALE_MS_MAX)) return undefined;
    remembered.usedMs = nowMs;
    return remembered.holder;
  }

  async function lookUp(secret: string, refusal: Problem | null): Promise<Holder> {
    const memory = known; // what is forgotten meanwhile must not be remembered by this look
    const hash = hashOf(secret);
    const atMs = now();
    let holder: Holder | null;
    try {
      const queue = queueFor(refusal);
      holder = await pulse.ask(() => queue.find(hash));
    } catch (error) {
      const earlier = memory.get(secret);
      if (earlier && atMs - earlier.atMs < outageMsMax) return earlier.holder;
      throw error;
    }
    if (holder === null) {
      memory.delete(secret);
      familiar.delete(secret);
      throw unauthenticated();
    }
    familiar.meet(secret);
    if (memory.size >= KNOWN_MAX) memory.clear();
    memory.set(secret, { hash, holder, atMs, usedMs: atMs });
    return holder;
  }

  const timer = setInterval(() => {
    refreshing ??= refresh(known, options)
      .catch(() => {}) // the pulse knows
      .finally(() => (refreshing = null));
  }, REFRESH_MS);
  timer.unref();

  return {
    recall,
    isFamiliar: (secret) => known.has(secret) || familiar.has(secret),
    async authenticate(secret, refusal) {
      const remembered = recall(secret);
      if (remembered !== undefined) return remembered;
      const underWay = lookups.get(secret);
      if (underWay) return underWay;
      const mine = lookups;
      const lookup = lookUp(secret, refusal).finally(() => mine.delete(secret));
      mine.set(secret, lookup);
      return lookup;
    },
    forget(secret) {
      known = new Map(secret === undefined ? [] : known); // what is being looked up now writes to the maps of before
      lookups = new Map();
      if (secret !== undefined) for (const kept of [known, familiar]) kept.delete(secret);
    },
    async close() {
      clearInterval(timer);
      await refreshing;
    },
  };
}

/** Throws the refusal, or `database_unavailable`, when too many wait already. */
function createQueues<Holder>(ask: KnownHoldersOptions<Holder>['find']) {
  const all = createLookups({ ask, ...LOOKUPS });
  const strange = createLookups({ ask, ...STRANGE_LOOKUPS });
  return (refusal: Problem | null) => {
    const queue = refusal ? strange : all;
    if (!queue.hasRoom()) throw refusal ?? tooMany();
    return queue;
  };
}

const tooMany = (): Problem => unavailable('database_unavailable', 'Too many keys are being looked up.');

/** One look at all secrets in use. What it doesn't find is not in force any more. */
async function refresh<Holder>(
  memory: Map<string, Known<Holder>>,
  { now, pulse, find }: KnownHoldersOptions<Holder>,
): Promise<void> {
  const atMs = now();
  // Without a secret in use it still finds out whether a silent database answers again.
  if (memory.size === 0 && !pulse.isSilent()) return;
  const entries = [...memory];
  const hashes = entries.map(([, { hash }]) => hash);
  const holders = await pulse.look(LOOK_MS_MAX, () => find(hashes));
  entries.forEach(([secret, entry], index) => {
    const holder = holders[index] ?? null;
    if (holder === null || atMs - entry.usedMs > UNUSED_MS_MAX) return void memory.delete(secret);
    entry.holder = holder;
    entry.atMs = atMs;
  });
}
