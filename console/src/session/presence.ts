/**
 * Keeps a page at the session that its browser has now, wherever that began or ended: in this page, in another tab, by a
 * link in a mail, or by time. A page goes on as the one person of the one account that it was opened by; whoever else is
 * signed in takes it over by a click only.
 */
import type { QueryClient } from '@tanstack/react-query';
import { useSyncExternalStore } from 'react';
import { listenRefused } from '../api/client';
import { keys } from '../api/keys';
import { endToasts } from '../components/toast';
import { readSession, sessionQuery, type Session } from './session';

export type Presence = {
  /** The session has ended. What was typed is kept until somebody signs in again. */
  isOver: boolean;
  /** Another person, or the same one for another account, who is signed in instead; null: nobody else. */
  newcomer: Session | null;
};

const HERE: Presence = { isOver: false, newcomer: null };
let presence = HERE;
/** Counts what is known for sure: an answer that was asked for before is older. */
let changes = 0;
const watchers = new Set<() => void>();

function become(next: Presence): void {
  changes += 1;
  if (next === presence) return;
  presence = next;
  watchers.forEach((tell) => tell());
}

function watch(tell: () => void): () => void {
  watchers.add(tell);
  return () => void watchers.delete(tell);
}

export const usePresence = (): Presence => useSyncExternalStore(watch, () => presence);

/** Resolves when there is a session again: at once, when there is one. @param until gives up */
export async function whenBack(until: AbortSignal): Promise<void> {
  while (presence.isOver && !until.aborted)
    await new Promise<void>((resolve) => {
      const done = (): void => {
        stop();
        until.removeEventListener('abort', done);
        resolve();
      };
      const stop = watch(done);
      until.addEventListener('abort', done);
    });
}

/** `begun`: somebody is signed in. `over`: a session was found to have ended. `left`: somebody has signed out. */
type News = 'begun' | 'over' | 'left';
const channel = 'BroadcastChannel' in window ? new BroadcastChannel('ballast.session') : null;
export const tellOtherTabs = (news: News): void => channel?.postMessage(news);

/** From now on this page follows its session. Called once. */
export function followSession(queries: QueryClient): void {
  listenRefused((status) => {
    lookAgain(queries).catch(() => {
      if (status === 401) end();
    });
  });
  channel?.addEventListener('message', ({ data: news }: MessageEvent<News>) => {
    if (news === 'over' && presence.isOver) return;
    // Where nobody can be asked now, whatever is refused next asks again.
    hear(news, queries).catch(() => undefined);
  });
}

async function hear(news: News, queries: QueryClient): Promise<void> {
  // What is being asked now may be older than the news.
  await looking?.catch(() => undefined);
  if (news !== 'left') return void (await lookAgain(queries));
  const session = await readSession();
  if (session) meet(queries, session);
  else leave(queries);
}

type Found = 'here' | 'over' | 'another';
let looking: Promise<Found> | null = null;

/** Asks who is signed in now: this page goes on, says that its session has ended, or that somebody else is there. Rejects when that can't be asked. */
export const lookAgain = (queries: QueryClient): Promise<Found> =>
  (looking ??= look(queries).finally(() => (looking = null)));

async function look(queries: QueryClient): Promise<Found> {
  const before = changes;
  const session = await readSession();
  if (changes !== before) return presence.isOver ? 'over' : presence.newcomer ? 'another' : 'here';
  if (session) return meet(queries, session);
  // The page to sign in at says it already.
  if (queries.getQueryData(sessionQuery.queryKey)) end();
  return 'over';
}

/** Also when that is known: it is said anew to whoever has closed the window that says it. */
function end(): void {
  if (!presence.isOver) tellOtherTabs('over');
  become({ isOver: true, newcomer: null });
}

/** By then whatever follows the session is drawn anew. */
const DRAWN_MS = 50;

/**
 * After members have changed, whoever is here among them: what is not for their role any more is gone from the page when
 * this resolves, so that it is not asked for.
 */
export async function followRole(queries: QueryClient): Promise<void> {
  const before = queries.getQueryData(sessionQuery.queryKey)?.role;
  await lookAgain(queries).catch(() => undefined);
  if (queries.getQueryData(sessionQuery.queryKey)?.role !== before)
    await new Promise((resolve) => setTimeout(resolve, DRAWN_MS));
}

/** Somebody is signed in. The same person goes on where they were, in the role that they have now. */
export function meet(queries: QueryClient, session: Session): Found {
  const here = queries.getQueryData(sessionQuery.queryKey);
  if (here && !isSame(here, session)) {
    endToasts();
    become({ isOver: false, newcomer: session });
    return 'another';
  }
  const wasAway = presence !== HERE;
  queries.setQueryData(sessionQuery.queryKey, session);
  become(HERE);
  if (wasAway) void queries.invalidateQueries({ predicate: isNotSession });
  return 'here';
}

/** The page is theirs from now on, whosever it was. */
export function takeOver(queries: QueryClient, session: Session): void {
  endToasts();
  queries.setQueryData(sessionQuery.queryKey, session);
  become(HERE);
}

/** Nobody is here any more, and nothing of theirs is left for the next one. */
export function leave(queries: QueryClient): void {
  endToasts();
  queries.setQueryData(sessionQuery.queryKey, null);
  become(HERE);
  forget(queries);
}

export const forget = (queries: QueryClient): void => queries.removeQueries({ predicate: isNotSession });
const isNotSession = ({ queryKey }: { queryKey: readonly unknown[] }): boolean => queryKey[0] !== keys.session[0];

const isSame = (one: Session, other: Session): boolean => identityOf(one) === identityOf(other);
/** A member, who is of one account; or, of the platform, the role of its key. */
const identityOf = ({ member, role }: Session): string => member?.id ?? role;
