/**
 * The account's stream, once per browser and not per tab: HTTP/1.1 gives a browser six connections to a host, and the
 * sixth tab would hang. Whichever tab has the lock holds the stream and tells the others; when it closes, the next has
 * the lock. Without a secure origin there are no locks: then each tab asks again every 10 s.
 */
import { useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useEffect, useSyncExternalStore } from 'react';
import type { Schemas } from '../api/client';
import { accountQuery } from '../api/accounts';
import { keys } from '../api/keys';

const ASK_AGAIN_MS = 10_000;
const REOPEN_MS = 2_000;
/**
 * What is had again within this time is not called lost: an API that restarts, or is too busy just now to look up who
 * asks (503), is nothing that a person can or must do something about.
 */
const LOST_MS = 5_000;

type AccountEvent = Partial<Schemas['Account']>;
type Message =
  | { kind: 'account'; account: AccountEvent }
  | { kind: 'watching' }
  | { kind: 'changed'; topics: string[] }
  | { kind: 'state'; state: LiveState };
export type LiveState = 'connecting' | 'live' | 'lost';

let state: LiveState = 'connecting';
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
      holdStream(accountId, stopping.signal, (message) => {
        apply(message, accountId, client);
        channel.postMessage(message);
      }),
    )
    .catch(() => {
      // The page went before it had its turn.
    });
  return () => {
    stopping.abort();
    channel.close();
  };
}

type Timer = ReturnType<typeof setTimeout> | undefined;

/**
 * Resolves when the page is left: until then it has the lock. It may have been left just as it got the lock.
 * The browser comes back by itself from a lost connection; what was missed meanwhile is read again. After an answer that
 * is no stream, as when the session has ended, it gives up: then it is for us to ask again.
 */
async function holdStream(accountId: string, until: AbortSignal, tell: (message: Message) => void): Promise<void> {
  if (until.aborted) return;
  let reopening: Timer;
  let losing: Timer;
  let isLost = false;
  // Said again at each try: a tab may have been opened since.
  const lose = (): void => {
    isLost = true;
    tell({ kind: 'state', state: 'lost' });
  };
  function open(): EventSource {
    const opened = openStream(accountId, tell);
    opened.onopen = () => {
      clearTimeout(losing);
      losing = undefined;
      isLost = false;
      tell({ kind: 'state', state: 'live' });
    };
    opened.onerror = () => {
      if (isLost) lose();
      else losing ??= setTimeout(lose, LOST_MS);
      if (opened.readyState === EventSource.CLOSED) reopening = setTimeout(() => (source = open()), REOPEN_MS);
    };
    return opened;
  }
  let source = open();
  await new Promise<void>((resolve) => {
    until.addEventListener('abort', () => {
      clearTimeout(reopening);
      clearTimeout(losing);
      source.close();
      resolve();
    });
  });
}

/** What it says is told on. */
function openStream(accountId: string, tell: (message: Message) => void): EventSource {
  const source = new EventSource(`/v1/accounts/${encodeURIComponent(accountId)}/stream`);
  source.addEventListener('account', ({ data }: MessageEvent<string>) => {
    tell({ kind: 'account', account: JSON.parse(data) as AccountEvent });
  });
  source.addEventListener('watching', () => tell({ kind: 'watching' }));
  source.addEventListener('changed', ({ data }: MessageEvent<string>) =>
    tell({ kind: 'changed', ...(JSON.parse(data) as { topics: string[] }) }),
  );
  return source;
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
      // One that is being read already is not begun anew: under steady usage it would never end.
      for (const topic of message.topics)
        void client.invalidateQueries({ queryKey: keys.topic(accountId, topic) }, { cancelRefetch: false });
  }
}

function askAgain(accountId: string, client: QueryClient): () => void {
  become('live');
  const timer = setInterval(() => void client.invalidateQueries({ queryKey: keys.account(accountId) }), ASK_AGAIN_MS);
  return () => clearInterval(timer);
}
