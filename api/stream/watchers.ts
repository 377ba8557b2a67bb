/** Who watches which account: its open streams, and what they were told last. */
import type { ServerResponse } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Problem } from '../../domain/errors';

export type Stream = { response: ServerResponse; isWelcome(): Promise<boolean> };
/** `event`: the last one told; null until the account was read. `isWatching`: changes of its lists are told. */
export type Watched = { streams: Set<Stream>; seen: string; event: string | null; isWatching: boolean };

export type Watchers = {
  /** By account; one that nobody watches any more is not there. */
  watched: ReadonlyMap<string, Watched>;
  /** Throws `too_many_requests` when this process, or the account, has as many streams as it can. */
  admit(accountId: string): void;
  /** Until the stream's response closes. */
  add(accountId: string, stream: Stream): Watched;
  tell(accountId: string, event: string): void;
  /** One stream in a turn of the event loop: gates are answered meanwhile. */
  tellAll(event: string): Promise<void>;
  /** Ends the streams of those who have lost the right to watch. Some are checked in each turn. */
  checkWelcome(): Promise<void>;
  endAll(): void;
};

const STREAMS_MAX = 1_000;
const STREAMS_OF_ACCOUNT_MAX = 100;
/** A client that has not read so much is dropped: it reconnects, and is told the account's state then. */
const BUFFER_BYTES_MAX = 64 * 1024;
/** Each costs a few microseconds, from memory. */
const CHECKS_AT_ONCE = 20;

export function createWatchers(): Watchers {
  const watched = new Map<string, Watched>();

  function* allStreams(): Generator<Stream> {
    for (const { streams } of watched.values()) yield* streams;
  }

  return {
    watched,
    admit(accountId) {
      const all = [...allStreams()].length;
      if (all < STREAMS_MAX && (watched.get(accountId)?.streams.size ?? 0) < STREAMS_OF_ACCOUNT_MAX) return;
      const detail = 'This process serves as many streams as it can.';
      throw new Problem('too_many_requests', detail, { retryAfterSeconds: 5 });
    },
    add(accountId, stream) {
      const account = watched.get(accountId) ?? { streams: new Set(), seen: '', event: null, isWatching: false };
      watched.set(accountId, account);
      account.streams.add(stream);
      stream.response.on('close', () => {
        account.streams.delete(stream);
        if (account.streams.size === 0 && watched.get(accountId) === account) watched.delete(accountId);
      });
      return account;
    },
    tell(accountId, event) {
      for (const stream of watched.get(accountId)?.streams ?? []) send(stream, event);
    },
    async tellAll(event) {
      for (const stream of allStreams()) {
        send(stream, event);
        await nextTurn();
      }
    },
    async checkWelcome() {
      let checked = 0;
      for (const { response, isWelcome } of allStreams()) {
        void isWelcome().then((welcome) => welcome || response.end());
        if (++checked % CHECKS_AT_ONCE === 0) await nextTurn();
      }
    },
    endAll() {
      for (const { response } of allStreams()) response.end();
      watched.clear();
    },
  };
}

export function send({ response }: Stream, event: string): void {
  if (response.destroyed || response.writableEnded) return;
  response.write(event);
  if (response.writableLength > BUFFER_BYTES_MAX) response.destroy();
}
