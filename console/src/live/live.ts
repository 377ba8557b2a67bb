/**
 * The account's stream, once per browser and not per tab: HTTP/1.1 gives a browser six connections to a host, and the
 * sixth tab would hang. Whichever tab has the lock holds the stream and tells the others; when it closes, the next has
 * the lock. Without a secure origin there are no locks: then each tab asks again every 10 s.
 */
import { useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useEffect, useSyncExternalStore } from 'react';
import { accountQuery } from '../api/accounts';
import { keys, withTimeline } from '../api/keys';
import { followRole } from '../session/presence';
import { holdStream, type LiveState, type Message } from './holdStream';

const ASK_AGAIN_MS = 10_000;

let state: LiveState = 'connecting';
/** How many accounts a stream tells of: while there is any, it alone says whether the page moves. */
let streams = 0;
const watchers = new Set<() => void>();
function become(next: LiveState): void {
  state = next;
  watchers.forEach((tell) => tell());
}

/** Whether the page moves by itself now. */
export const useLiveState = (): LiveState =>
  useSyncExternalStore(
    (tell) => {
      watchers.add(tell);
      return () => watchers.delete(tell);
    },
    () => state,
  );

/** Told how each read of the API ends: where there is no stream, that is all that is known of the connection. */
export function noteRead(isOut: boolean): void {
  const next = isOut ? 'lost' : 'live';
  if (streams === 0 && state !== next) become(next);
}

/** Follows an account for as long as the component is there. */
export function useLive(accountId: string | undefined): void {
  const client = useQueryClient();
  useEffect(() => (accountId === undefined ? undefined : follow(accountId, client)), [accountId, client]);
}

function follow(accountId: string, client: QueryClient): () => void {
  if (!('locks' in navigator) || !('BroadcastChannel' in window)) return askAgain(accountId, client);
  const channel = new BroadcastChannel(`ballast.live.${accountId}`);
  const stopping = new AbortController();
  channel.onmessage = ({ data }: MessageEvent<Message>) => apply(data, accountId, client);
  navigator.locks
    .request(`ballast.live.${accountId}`, { signal: stopping.signal }, () =>
      holdStream(accountId, {
        queries: client,
        until: stopping.signal,
        tell(message) {
          apply(message, accountId, client);
          channel.postMessage(message);
        },
      }),
    )
    .catch(() => {
      // The page went before it had its turn.
    });
  streams += 1;
  return () => {
    stopping.abort();
    channel.close();
    streams -= 1;
    // What it said of the account is not true of the next page.
    become('connecting');
  };
}

function apply(message: Message, accountId: string, client: QueryClient): void {
  switch (message.kind) {
    case 'state':
      return become(message.state);
    case 'account':
      become('live');
      // The one copy of the balance: all that show it change together.
      return void client.setQueryData(accountQuery(accountId).queryKey, (old) => old && { ...old, ...message.account });
    case 'watching':
      // What changed while nobody listened, or before anybody did, is told by no `changed`.
      return void client.invalidateQueries({ queryKey: keys.account(accountId) });
    case 'changed':
      return void readAgain(message.topics, accountId, client);
  }
}

async function readAgain(topics: readonly string[], accountId: string, client: QueryClient): Promise<void> {
  if (topics.includes('members')) await followRole(client);
  // One that is being read already is not begun anew: under steady usage it would never end.
  for (const topic of withTimeline(topics))
    void client.invalidateQueries({ queryKey: keys.topic(accountId, topic) }, { cancelRefetch: false });
}

function askAgain(accountId: string, client: QueryClient): () => void {
  const timer = setInterval(() => void client.invalidateQueries({ queryKey: keys.account(accountId) }), ASK_AGAIN_MS);
  return () => clearInterval(timer);
}
