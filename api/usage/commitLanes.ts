/** Group commits side by side, each for accounts of its own: they never wait for each other's locks, and Postgres has more than one core. */
import { Problem } from '../../domain/errors';
import type { PostedUsage, PricedEvent } from '../../ledger/usage/postUsage';
import { postApart } from '../../usage/postApart';
import type { PostedPart } from '../../usage/reportUsage';
import { createGroupCommit, type GroupCommitOptions } from './groupCommit';

/** By measurement: half as much again as one, and a third gained nothing (docs/performance.md). */
export const LANES = 2;

export type CommitLanes = {
  /** Resolves when all events are durable. Rejects with `too_many_requests` when there is no room for all, and nothing was taken. */
  submit(events: readonly PricedEvent[]): Promise<PostedPart[]>;
  /** How many events wait for a commit, in all lanes. */
  waiting(): number;
  /** Resolves when nothing is waiting or in flight. */
  idle(): Promise<void>;
};

export function createCommitLanes(options: GroupCommitOptions<PricedEvent, PostedUsage>): CommitLanes {
  const lanes = Array.from({ length: LANES }, () => createGroupCommit(options));

  return {
    async submit(events) {
      const shares = share(events);
      if (!shares.every(({ lane, events: mine }) => lanes[lane]!.hasRoom(mine.length))) {
        throw new Problem(
          'too_many_requests',
          'More usage is waiting than can be taken now; nothing of this request was taken.',
          { retryAfterSeconds: 1 },
        );
      }
      return (await Promise.all(shares.map((mine) => postApart(mine, lanes[mine.lane]!.submit)))).flat();
    },
    waiting: () => lanes.reduce((sum, lane) => sum + lane.waiting(), 0),
    idle: async () => void (await Promise.all(lanes.map((lane) => lane.idle()))),
  };
}

type LaneShare = { lane: number; events: PricedEvent[]; places: number[] };

/** An account's events are always in the same lane, in the order they came. */
function share(events: readonly PricedEvent[]): LaneShare[] {
  const shares: LaneShare[] = Array.from({ length: LANES }, (_, lane) => ({ lane, events: [], places: [] }));
  events.forEach((event, place) => {
    const mine = shares[laneOf(event.accountId)]!;
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
