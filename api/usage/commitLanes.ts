/** Group commits side by side, each for accounts of its own: they never wait for each other's locks, and Postgres has more than one core. */
import { Problem } from '../../domain/errors';
import type { PostedUsage, PricedEvent } from '../../ledger/usage/postUsage';
import type { PostedPart } from '../../usage/reportUsage';
import { createGroupCommit, type GroupCommitOptions } from './groupCommit';

/** By measurement: half as much again as one, and a third gained nothing (docs/performance.md). */
const LANES = 2;

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

  /** What Postgres can't store is rejected by itself: it takes no other event of the request with it. */
  async function submitShare(mine: Share): Promise<PostedPart[]> {
    const { lane, events, places } = mine;
    try {
      return [{ ...(await lanes[lane]!.submit(events)), places }];
    } catch (error) {
      if (!options.isItemsFault(error)) throw error;
      const smaller = divide(mine);
      if (smaller.length > 1) return (await Promise.all(smaller.map(submitShare))).flat();
      return [{ result: { positions: new Map(), notPosted: new Map([[0, 'not_storable']]) }, first: 0, places }];
    }
  }

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
      return (await Promise.all(shares.map(submitShare))).flat();
    },
    waiting: () => lanes.reduce((sum, lane) => sum + lane.waiting(), 0),
    idle: async () => void (await Promise.all(lanes.map((lane) => lane.idle()))),
  };
}

type Share = { lane: number; events: PricedEvent[]; places: number[] };

/** An account's events are always in the same lane, in the order they came. */
function share(events: readonly PricedEvent[]): Share[] {
  const shares: Share[] = Array.from({ length: LANES }, (_, lane) => ({ lane, events: [], places: [] }));
  events.forEach((event, place) => {
    const mine = shares[laneOf(event.accountId)]!;
    mine.events.push(event);
    mine.places.push(place);
  });
  return shares.filter((one) => one.events.length > 0);
}

/** By account; the share of one account by event. */
function divide({ lane, events, places }: Share): Share[] {
  const isOfOne = events.every(({ accountId }) => accountId === events[0]!.accountId);
  const parts = new Map<string | number, Share>();
  events.forEach((event, i) => {
    const name = isOfOne ? i : event.accountId;
    const part = parts.get(name) ?? { lane, events: [], places: [] };
    part.events.push(event);
    part.places.push(places[i]!);
    parts.set(name, part);
  });
  return [...parts.values()];
}

/** From 0. */
export function laneOf(accountId: string): number {
  let hash = 0;
  for (let i = 0; i < accountId.length; i++) hash = (hash * 31 + accountId.charCodeAt(i)) | 0;
  return Math.abs(hash) % LANES;
}
