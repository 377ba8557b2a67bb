/** Group commits side by side, each for accounts of its own: they never wait for each other's locks, and Postgres has more than one core. */
import { Problem } from '../../domain/errors';
import type { PostedUnlocked } from '../../ledger/usage/postUnlocked';
import type { PricedEvent } from '../../ledger/usage/postUsage';
import { postApart } from '../../usage/postApart';
import type { PostedPart } from '../../usage/reportUsage';
import { createGroupCommit, type GroupCommit, type GroupCommitOptions } from './groupCommit';

/** By measurement: half as much again as one, and a third gained nothing (docs/performance.md). */
export const LANES = 2;
/** One more lane, for accounts that a commit has found locked: it waits for them, and the others' commits do not. */
const APART = LANES;

export type CommitLanesOptions = Omit<GroupCommitOptions<PricedEvent, PostedUnlocked>, 'commit'> & {
  /** Commits all events but those of accounts that stay locked. @param waits for a moment; else not at all */
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

/** Somebody has locked an account of the request for longer than a commit waits: its events must be sent again. */
export class AccountsLocked extends Error {
  constructor() {
    super('An account of the request is locked by somebody for longer than a commit of usage waits.');
  }
}

type Lane = GroupCommit<PricedEvent, PostedUnlocked>;

export function createCommitLanes(options: CommitLanesOptions): CommitLanes {
  /** Those that the last commit with events of theirs has found locked. */
  const locked = new Set<string>();
  const lanes = Array.from({ length: LANES + 1 }, (_, lane) =>
    createGroupCommit({ ...options, commit: (events: readonly PricedEvent[]) => commit(events, lane === APART) }),
  );

  /** What had joined a lane before its account was found locked must not have the others of the lane wait once more. */
  async function commit(events: readonly PricedEvent[], isApart: boolean): Promise<PostedUnlocked> {
    const waits = isApart || locked.size === 0 || !events.some(({ accountId }) => locked.has(accountId));
    const posted = await options.commit(events, waits);
    if (locked.size > 0) for (const { accountId } of events) locked.delete(accountId);
    for (const accountId of posted.locked) locked.add(accountId);
    return posted;
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
      return (await Promise.all(shares.map((mine) => postApart(mine, (some) => post(lanes[mine.lane]!, some))))).flat();
    },
    waiting: () => lanes.reduce((sum, lane) => sum + lane.waiting(), 0),
    idle: async () => void (await Promise.all(lanes.map((lane) => lane.idle()))),
  };
}

async function post(lane: Lane, events: readonly PricedEvent[]): ReturnType<Lane['submit']> {
  const committed = await lane.submit(events);
  const { locked } = committed.result;
  if (locked.size > 0 && events.some(({ accountId }) => locked.has(accountId))) throw new AccountsLocked();
  return committed;
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
