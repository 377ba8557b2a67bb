/** Holds one stream of an account, whatever ends it, and tells what it says. */
import type { QueryClient } from '@tanstack/react-query';
import type { Schemas } from '../api/client';
import { lookAgain, whenBack } from '../session/presence';

type AccountEvent = Partial<Schemas['Account']>;
export type Message =
  | { kind: 'account'; account: AccountEvent }
  | { kind: 'watching' }
  | { kind: 'changed'; topics: string[] }
  | { kind: 'state'; state: LiveState };
export type LiveState = 'connecting' | 'live' | 'lost';

const REOPEN_MS = 2_000;
/**
 * What is had again within this time is not called lost: an API that restarts, or is too busy just now to look up who
 * asks (503), is nothing that a person can or must do something about.
 */
const LOST_MS = 5_000;
/** The API is heard every 15 s, if only by a heartbeat. After more than two of them a connection is dead that looks open. */
const SILENT_MS = 40_000;

type Options = { queries: QueryClient; until: AbortSignal; tell: (message: Message) => void };
type Timer = ReturnType<typeof setTimeout> | undefined;

/**
 * Resolves when the page is left. It may have been left already.
 * The browser comes back by itself from a lost connection; what was missed meanwhile is read again. After an answer that
 * is no stream it gives up: then it is for us to ask again, unless the session has ended, which is said at once.
 */
export async function holdStream(accountId: string, { queries, until, tell }: Options): Promise<void> {
  if (until.aborted) return;
  let reopening: Timer;
  let losing: Timer;
  let silence: Timer;
  let isLost = false;
  let source: EventSource;

  // Said again at each try: a tab may have been opened since.
  function lose(): void {
    isLost = true;
    tell({ kind: 'state', state: 'lost' });
  }
  function isMissed(): void {
    if (isLost) lose();
    else losing ??= setTimeout(lose, LOST_MS);
  }
  function isFound(): void {
    clearTimeout(losing);
    losing = undefined;
    isLost = false;
  }
  function hear(): void {
    clearTimeout(silence);
    silence = setTimeout(() => {
      isMissed();
      open();
    }, SILENT_MS);
  }
  async function reopen(): Promise<void> {
    clearTimeout(silence);
    const found = await lookAgain(queries).catch(() => null);
    if (found === 'over') {
      isFound();
      await whenBack(until);
    }
    if (!until.aborted) reopening = setTimeout(open, found === 'over' ? 0 : REOPEN_MS);
  }
  function open(): void {
    source?.close();
    const opened = openStream(accountId, (message) => {
      hear();
      if (message) tell(message);
    });
    source = opened;
    hear();
    opened.onopen = () => {
      hear();
      isFound();
      tell({ kind: 'state', state: 'live' });
    };
    opened.onerror = () => {
      isMissed();
      if (opened.readyState === EventSource.CLOSED) void reopen();
    };
  }

  open();
  await new Promise<void>((resolve) => {
    until.addEventListener('abort', () => {
      for (const timer of [reopening, losing, silence]) clearTimeout(timer);
      source.close();
      resolve();
    });
  });
}

/** @param hear null: a heartbeat */
function openStream(accountId: string, hear: (message: Message | null) => void): EventSource {
  const source = new EventSource(`/v1/accounts/${encodeURIComponent(accountId)}/stream`);
  source.addEventListener('account', ({ data }: MessageEvent<string>) => {
    hear({ kind: 'account', account: JSON.parse(data) as AccountEvent });
  });
  source.addEventListener('watching', () => hear({ kind: 'watching' }));
  source.addEventListener('changed', ({ data }: MessageEvent<string>) =>
    hear({ kind: 'changed', ...(JSON.parse(data) as { topics: string[] }) }),
  );
  source.addEventListener('heartbeat', () => hear(null));
  return source;
}
