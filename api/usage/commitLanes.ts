/** Group commits side by side, each for accounts of its own: they never wait for each other's locks, and Postgres has more than one core. */
import { Problem } from '../../domain/errors';
import type { PostedUnlocked } from '../../ledger/usage/postUnlocked';
import type { PricedEvent } from '../../ledger/usage/postUsage';
import { postApart, type Share } from '../../usage/postApart';
import type { PostedPart } from '../../usage/reportUsage';
import { createGroupCommit, type GroupCommitOptions } from './groupCommit';

/** By measurement: half as much again as one, and a third gained nothing (docs/performance.md). */
export const LANES = 2;
/** One more lane, for accounts that a commit has found locked: it tries them again and again, beside all others. */
const APART = LANES;
/**
 * For so long an account is found locked before requests with its usage fail: some turns, and longer than the second in
 * which each other process may wait for one account (`post_usage`) and have others locked.
 */
const PATIENCE_MS = 3_000;
/** In a message. */
const LOCKED_TOLD_MAX = 10;

export type CommitLanesOptions = Omit<GroupCommitOptions<PricedEvent, PostedUnlocked>, 'commit'> & {
  /** Commits all events but those of accounts that are locked. @param waits for one account with others locked, for a moment */
  commit(events: readonly PricedEvent[], waits: boolean): Promise<PostedUnlocked>;
};

export type CommitLanes = {
  /**
   * Resolves when all events are durable. Rejects with `too_many_requests` when there is no room for all, and nothing was
   * taken; with `AccountsLocked` when others were taken.
   */
  submit(events: readonly PricedEvent[]): Promise<PostedPart[]>;
  /** How many events wait for a commit, in all lanes. */
  waiting(): number;
  /** Resolves when nothing is waiting or in flight. */
  idle(): Promise<void>;
};

/** Somebody keeps accounts of the request locked: its events must be sent again. */
export class AccountsLocked extends Error {
  constructor(accountIds: ReadonlySet<string>) {
    super(`Accounts stay locked by somebody: ${[...accountIds].slice(0, LOCKED_TOLD_MAX).join(', ')}`);
  }
}

export function createCommitLanes(options: CommitLanesOptions): CommitLanes {
  /** Those that the last commit with events of theirs has found locked. */
  const locked = new Set<string>();
  const lanes = Array.from({ length: LANES + 1 }, () => createGroupCommit({ ...options, commit }));

  /**
   * A commit that waits for one account keeps its others from every process meanwhile. So none waits that has events of one
   * that is known to be locked, whether they come apart or had joined a lane before that was known.
   */
  async function commit(events: readonly PricedEvent[]): Promise<PostedUnlocked> {
    const waits = locked.size === 0 || !events.some(({ accountId }) => locked.has(accountId));
    const posted = await options.commit(events, waits);
    if (locked.size > 0) for (const { accountId } of events) locked.delete(accountId);
    for (const accountId of posted.locked) locked.add(accountId);
    return posted;
  }

  /** What a commit leaves out is tried again apart. @param untilMs of `performance.now()`: what is left out later fails */
  async function post(lane: number, { events, places }: Share, untilMs = Infinity): Promise<PostedPart[]> {
    const { result, first } = await lanes[lane]!.submit(events);
    const part = { result, first, places };
    if (result.locked.size === 0) return [part];
    const left = [...events.keys()].filter((i) => result.locked.has(events[i]!.accountId));
    if (left.length === 0) return [part];
    const share = { events: left.map((i) => events[i]!), places: left.map((i) => places[i]!) };
    const nowMs = performance.now();
    if (nowMs > untilMs) throw new AccountsLocked(new Set(share.events.map(({ accountId }) => accountId)));
    const againUntilMs = Math.min(untilMs, nowMs + PATIENCE_MS);
    return [part, ...(await postApart(share, (some) => post(APART, some, againUntilMs)))];
  }

  const laneFor = (accountId: string): number => (locked.has(accountId) ? APART : laneOf(accountId));

  return {
    async submit(events) {
      const shares = share(events, laneFor);
      if (!shares.every(({ lane, events: mine }) => lanes[lane]!.hasRoom(mine.length))) {
        throw new Problem(
          'too_many_requests',
          'More usage is waiting than can be taken now; nothing of this request was taken.',
          { retryAfterSeconds: 1 },
        );
      }
      return (await Promise.all(shares.map((mine) => postApart(mine, (some) => post(mine.lane, some))))).flat();
    },
    waiting: () => lanes.reduce((sum, lane) => sum + lane.waiting(), 0),
    async idle() {
      // The lane apart is the last, as the others may leave events to it.
      for (const lane of lanes) await lane.idle();
    },
  };
}

type LaneShare = { lane: number; events: PricedEvent[]; places: number[] };

/** An account's events are always in the same lane, in the order they came, but while it is locked. */
function share(events: readonly PricedEvent[], laneFor: (accountId: string) => number): LaneShare[] {
  const shares: LaneShare[] = Array.from({ length: LANES + 1 }, (_, lane) => ({ lane, events: [], places: [] }));
  events.forEach((event, place) => {
    const mine = shares[laneFor(event.accountId)]!;
    mine.events.push(event);
    mine.places.push(place);
  });
  return shares.filter((one) => one.events.length > 0);
}

/** From 0. */
export function laneOf(accountId: string): number {
  let hash = 0;
  for (let i = 0; i < accountId.length; i++) hash = (hash * 31 + accountId.charCodeAt(i)) | 0;
  return Math.abs(hash) % LANES;
}
