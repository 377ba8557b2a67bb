/**
 * All gates as Server-Sent Events, for replicas in inference services: a snapshot in pages, then each change at once.
 * An event's id is a point in the database's history: all changes before it have been sent on this stream by then. So
 * who comes back with it, to whichever process, is told what has changed since, and misses nothing. What is heard twice
 * or in another order, the gates' versions tell. When the database is restored, and its history is another, all streams
 * end: who comes back with an id of the old one is sent a snapshot, whose epoch says that it replaces whatever is known.
 * A client that doesn't keep up is dropped: it comes back.
 */
import type { ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { Pool } from 'pg';
import { Problem } from '../../domain/errors';
import { createCatchUp } from './catchUp';
import type { GateCache } from './gateCache';
import { createGateEvents } from './gateEvents';
import type { KnownGate } from './gateTable';

export type GateStreams = {
  /** Throws `too_many_requests` when this process serves as many as it can. */
  admit(): void;
  /**
   * Sends until the client goes, falls behind, or is not welcome any more.
   * @param lastId the last event's id of an earlier stream; anything else begins with a snapshot
   */
  open(response: ServerResponse, lastId: string | undefined, isWelcome: () => Promise<boolean>): void;
  /** How many are open. */
  openCount(): number;
  /** Ends all streams. */
  close(): void;
};

export type GateStreamsOptions = {
  pool: Pool;
  gates: GateCache;
  log: Logger;
  /** @default 5_000 */
  heartbeatMs?: number;
  /** A client for which more than this waits is dropped. @default 1 MiB */
  bufferBytesMax?: number;
  /** @default Date.now */
  now?(): number;
};

const HEARTBEAT_MS = 5_000;
/** A stream ends so soon after the keyring has heard that its key is revoked. */
const WELCOME_MS = 100;
const BUFFER_BYTES_MAX = 1024 * 1024;
const STREAMS_MAX = 2_000;

type Stream = {
  response: ServerResponse;
  isWelcome(): Promise<boolean>;
  /** Has been sent all before `gates.point()`: its events carry ids from now on. */
  caughtUp: boolean;
  /** Heartbeats since the client last took all there was. */
  beatsBehind: number;
};

export function createGateStreams(options: GateStreamsOptions): GateStreams {
  const { pool, gates, log, heartbeatMs = HEARTBEAT_MS, bufferBytesMax = BUFFER_BYTES_MAX, now = Date.now } = options;
  const streams = new Set<Stream>();
  const events = createGateEvents(gates, now);
  const { send, drop } = createWriter(streams, bufferBytesMax, log);
  const catchUp = createCatchUp({ pool, gates, events, send, flush });
  /** Changes of this turn of the event loop: they go out together. */
  let changed: KnownGate[] = [];

  gates.onChange((gate) => {
    if (streams.size === 0) return;
    if (changed.length === 0) setImmediate(flush);
    changed.push(gate);
  });

  /** What waits to be sent, and what was sent, is of a history that is no more. */
  gates.onReplaced(() => {
    changed = [];
    for (const { response } of streams) response.destroy();
  });

  /** By now `gates.point()` says how far the changes go that were told in this turn. An id is sent only after all before it. */
  function flush(): void {
    const last = changed.pop();
    if (!last) return;
    const before = changed.map((gate) => events.change(gate)).join('');
    changed = [];
    const withId = Buffer.from(before + events.change(last, gates.point()));
    const withoutId = Buffer.from(before + events.change(last));
    for (const stream of streams) send(stream.response, stream.caughtUp ? withId : withoutId);
  }

  /** Changes are sent from the moment a stream is opened; its past follows meanwhile, and only then do events carry ids. */
  async function begin(stream: Stream, lastId: string | undefined): Promise<void> {
    try {
      await catchUp(stream.response, lastId);
      stream.caughtUp = true;
    } catch (error) {
      log.warn({ err: error }, 'a gate stream could not begin: its client comes back');
      stream.response.destroy();
    }
  }

  function beat(): void {
    flush();
    for (const stream of streams) {
      if (!stream.response.writableNeedDrain) stream.beatsBehind = 0;
      else if (++stream.beatsBehind > 1) drop(stream.response);
      send(stream.response, events.heartbeat(stream.caughtUp ? gates.point() : undefined));
    }
  }

  function checkWelcome(): void {
    for (const { response, isWelcome } of streams) void isWelcome().then((welcome) => welcome || response.end());
  }

  const timers = [setInterval(beat, heartbeatMs), setInterval(checkWelcome, WELCOME_MS)];
  timers.forEach((timer) => timer.unref());

  return {
    openCount: () => streams.size,
    admit() {
      if (streams.size < STREAMS_MAX) return;
      const detail = `This process serves ${STREAMS_MAX} streams already.`;
      throw new Problem('too_many_requests', detail, { retryAfterSeconds: 5 });
    },
    open(response, lastId, isWelcome) {
      const stream: Stream = { response, isWelcome, caughtUp: false, beatsBehind: 0 };
      streams.add(stream);
      response.on('close', () => streams.delete(stream));
      response.on('drain', () => (stream.beatsBehind = 0));
      void begin(stream, lastId);
    },
    close() {
      timers.forEach((timer) => clearInterval(timer));
      for (const { response } of streams) response.end();
    },
  };
}

type Writer = {
  send(response: ServerResponse, text: string | Buffer): void;
  drop(response: ServerResponse): void;
};

/** Writes to streams, and drops those whose clients do not keep up. */
function createWriter(streams: ReadonlySet<Stream>, bufferBytesMax: number, log: Logger): Writer {
  let checking: NodeJS.Immediate | null = null;

  function send(response: ServerResponse, text: string | Buffer): void {
    if (response.destroyed || response.writableEnded) return;
    response.write(text);
    checking ??= setImmediate(dropSlow);
  }

  /** In the turn after a write the system has taken what it could: what is left waits for the client. */
  function dropSlow(): void {
    checking = null;
    for (const { response } of streams) if (response.writableLength > bufferBytesMax) drop(response);
  }

  function drop(response: ServerResponse): void {
    log.warn({ waitingBytes: response.writableLength }, 'a gate stream was dropped: its client does not keep up');
    response.destroy();
  }

  return { send, drop };
}
