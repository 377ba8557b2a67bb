/** Posts events so that one that Postgres refuses takes no other with it: each account by itself, then each event (B4). */
import { DatabaseError } from 'pg';
import type { PricedEvent } from '../ledger/usage/postUsage';
import type { PostedPart } from './reportUsage';

/** Some of a request's events, with their places in it. */
export type Share = { events: readonly PricedEvent[]; places: readonly number[] };

/** SQLSTATE classes by which Postgres refuses what a statement carries: the same statement without it goes through. */
const REFUSALS = new Set(['21', '22', '23']);
/** Data exceptions: such as a balance that would leave 64 bits. */
const NOT_STORABLE = '22';

const classOf = (error: unknown): string => (error instanceof DatabaseError ? (error.code?.slice(0, 2) ?? '') : '');

/** Whether the commit failed by what one of its events is, and not by the state of the database. */
export const isEventsFault = (error: unknown): boolean => REFUSALS.has(classOf(error));

/**
 * Posts the share together, or in smaller parts where Postgres refuses it. An event that can not be stored is rejected.
 * What else is refused alone is a fault of ours: it is thrown when all others are posted, so that its sender keeps it.
 * Any other error is thrown at once.
 */
export async function postApart(share: Share, post: (share: Share) => Promise<PostedPart[]>): Promise<PostedPart[]> {
  try {
    return await post(share);
  } catch (error) {
    if (!isEventsFault(error)) throw error;
    if (share.events.length > 1) return postEach(divide(share), post);
    if (classOf(error) !== NOT_STORABLE) throw error;
    return [
      { result: { positions: new Map(), notPosted: new Map([[0, 'not_storable']]) }, first: 0, places: share.places },
    ];
  }
}

async function postEach(shares: readonly Share[], post: Parameters<typeof postApart>[1]): Promise<PostedPart[]> {
  const posted: PostedPart[] = [];
  const refusals: unknown[] = [];
  for (const share of shares) {
    try {
      posted.push(...(await postApart(share, post)));
    } catch (error) {
      if (!isEventsFault(error)) throw error;
      refusals.push(error);
    }
  }
  if (refusals.length > 0) throw refusals[0];
  return posted;
}

/** By account; the share of one account by event. */
function divide({ events, places }: Share): Share[] {
  const isOfOne = events.every(({ accountId }) => accountId === events[0]!.accountId);
  const parts = new Map<string | number, { events: PricedEvent[]; places: number[] }>();
  events.forEach((event, i) => {
    const name = isOfOne ? i : event.accountId;
    const part = parts.get(name) ?? { events: [], places: [] };
    part.events.push(event);
    part.places.push(places[i]!);
    parts.set(name, part);
  });
  return [...parts.values()];
}
