/**
 * All gates as Server-Sent Events, for replicas in inference services: a snapshot in pages, then each change at once.
 * An event's id is a point in the database's history: all changes before it have been sent on this stream by then. So
 * who comes back with it, to whichever process, is told what has changed since, and misses nothing. What is heard twice
 * or in another order, the gates' versions tell. When the database is restored, and its history is another, all streams
 * end: who comes back with an id of the old one is sent a snapshot, whose epoch says that it replaces whatever is known.
 * A client that doesn't keep up is dropped: it comes back.
 */
import type { ServerResponse } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Pool } from 'pg';
import { Problem } from '../../domain/errors';
import { type GatePoint, goesOn } from '../../ledger/gates/gatePoint';
import { readChangedGates } from '../../ledger/gates/readChangedGates';
import type { GateCache } from './gateCache';
import { toGateJson, type KnownGate } from './gateTable';
import { noAnswer } from '../http/pulse';
import { within } from '../http/within';

export type GateStreams = {
  /** Throws `too_many_requests` when this process serves as many as it can. */
  admit(): void;
  /**
   * Sends until the client goes, falls behind, or is not welcome any more.
   * @param lastId the last event's id of an earlier stream; anything else begins with a snapshot
   */
  open(response: ServerResponse, lastId: string | undefined, isWelcome: () => Promise<boolean>): void;
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
/** Small enough that checks of gates, answered between two pages, don't wait for them. */
const PAGE_GATES = 500;
/** Who has missed more changes than this is sent a snapshot. */
const RESUME_GATES_MAX = 10_000;
/** Whoever is not told by then what was missed is sent a snapshot. */
const RESUME_MS_MAX = 2_000;
const ID = /^(\d{1,19})\.([0-9a-f-]{1,60})$/;

type Stream = {
  response: ServerResponse;
  isWelcome(): Promise<boolean>;
  /** Has been sent all before `gates.point()`: its events carry ids from now on. */
  caughtUp: boolean;
  /** Heartbeats since the client last took all there was. */
  beatsBehind: number;
};

export function createGateStreams({
  pool,
  gates,
  log,
  heartbeatMs = HEARTBEAT_MS,
  bufferBytesMax = BUFFER_BYTES_MAX,
  now = Date.now,
}: GateStreamsOptions): GateStreams {
  const streams = new Set<Stream>();
  /** Changes of this turn of the event loop: they go out together. */
  let changed: KnownGate[] = [];
  let checking: NodeJS.Immediate | null = null;

  const toEvent = (gate: KnownGate, point?: GatePoint | null): string =>
    `event: gate\n${toIdLine(point)}data: ${toGateJson(gate, gates.asOf())}\n\n`;
  const toHeartbeat = (point?: GatePoint | null): string =>
    `event: heartbeat\n${toIdLine(point)}data: {${toldNow()}}\n\n`;
  /** When the gates were last held against the database, and the time now: by one clock, so the difference is their age. */
  const toldNow = (): string => `"asOf":"${gates.asOf().text}","at":"${new Date(now()).toISOString()}"`;

  function send({ response }: Stream, events: string | Buffer): void {
    if (response.destroyed || response.writableEnded) return;
    response.write(events);
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
    const before = changed.map((gate) => toEvent(gate)).join('');
    changed = [];
    const withId = Buffer.from(before + toEvent(last, gates.point()));
    const withoutId = Buffer.from(before + toEvent(last));
    for (const stream of streams) send(stream, stream.caughtUp ? withId : withoutId);
  }

  /** Changes are sent from the moment a stream is opened; its past follows meanwhile, and only then do events carry ids. */
  async function catchUp(stream: Stream, lastId: string | undefined): Promise<void> {
    send(stream, 'retry: 1000\n\n');
    const since = lastId === undefined ? null : toPoint(lastId);
    // Whoever has seen another history may be ahead of this process, too.
    if (since && since.epoch !== gates.point()?.epoch) await gates.refresh().catch(() => {});
    if (gates.point() === null) await gates.refresh();
    if (!(since && (await resume(stream, since)))) await sendSnapshot(stream);
    stream.caughtUp = true;
  }

  /** False when what was missed can't be told: too much, from another history, or the database is away. */
  async function resume(stream: Stream, since: GatePoint): Promise<boolean> {
    if (since.epoch !== gates.point()?.epoch) return false;
    const read = readChangedGates(pool, since.mark, RESUME_GATES_MAX + 1);
    const missed = await within(RESUME_MS_MAX, read, noAnswer).catch(() => null);
    if (!missed || missed.gates.length > RESUME_GATES_MAX || !goesOn(since, missed.point)) return false;
    missed.gates.forEach(gates.learn);
    await sendPages(
      stream,
      missed.gates.map(({ accountId }) => gates.table.get(accountId)!),
      (page) => page.map((gate) => toEvent(gate)).join(''),
    );
    send(stream, toHeartbeat(missed.point));
    return true;
  }

  async function sendSnapshot(stream: Stream): Promise<void> {
    const { epoch } = gates.point()!;
    const toJson = (page: KnownGate[]): string => page.map((gate) => toGateJson(gate, gates.asOf())).join(',');
    await sendPages(
      stream,
      gates.table.values(),
      (page) => `event: snapshot\ndata: {"epoch":"${epoch}","gates":[${toJson(page)}]}\n\n`,
    );
    flush();
    send(
      stream,
      `event: snapshot\n${toIdLine(gates.point())}data: {"epoch":"${epoch}","gates":[],"done":true,${toldNow()}}\n\n`,
    );
  }

  /** At the client's pace, and with turns for all others between two pages. */
  async function sendPages(
    stream: Stream,
    all: Iterable<KnownGate>,
    write: (page: KnownGate[]) => string,
  ): Promise<void> {
    let page: KnownGate[] = [];
    for (const gate of all) {
      if (page.push(gate) < PAGE_GATES) continue;
      send(stream, write(page));
      page = [];
      await taken(stream.response);
      await nextTurn();
      if (stream.response.destroyed) return;
    }
    if (page.length > 0) send(stream, write(page));
  }

  function beat(): void {
    flush();
    for (const stream of streams) {
      if (!stream.response.writableNeedDrain) stream.beatsBehind = 0;
      else if (++stream.beatsBehind > 1) drop(stream.response);
      send(stream, toHeartbeat(stream.caughtUp ? gates.point() : undefined));
    }
  }

  function checkWelcome(): void {
    for (const { response, isWelcome } of streams) void isWelcome().then((welcome) => welcome || response.end());
  }

  const timers = [setInterval(beat, heartbeatMs), setInterval(checkWelcome, WELCOME_MS)];
  timers.forEach((timer) => timer.unref());

  return {
    admit() {
      if (streams.size >= STREAMS_MAX)
        throw new Problem('too_many_requests', `This process serves ${STREAMS_MAX} streams already.`, {
          retryAfterSeconds: 5,
        });
    },
    open(response, lastId, isWelcome) {
      const stream: Stream = { response, isWelcome, caughtUp: false, beatsBehind: 0 };
      streams.add(stream);
      response.on('close', () => streams.delete(stream));
      response.on('drain', () => (stream.beatsBehind = 0));
      catchUp(stream, lastId).catch((error: Error) => {
        log.warn({ err: error }, 'a gate stream could not begin: its client comes back');
        response.destroy();
      });
    },
    close() {
      timers.forEach((timer) => clearInterval(timer));
      for (const { response } of streams) response.end();
    },
  };
}

const toIdLine = (point?: GatePoint | null): string => (point ? `id: ${point.mark}.${point.epoch}\n` : '');

/** The point that an event's id stands for; null for anything else. */
function toPoint(id: string): GatePoint | null {
  const [, mark, epoch] = ID.exec(id) ?? [];
  return mark !== undefined && epoch !== undefined ? { mark, epoch } : null;
}

/** Once the client has taken what was written, or is gone. */
function taken(response: ServerResponse): Promise<void> {
  if (!response.writableNeedDrain) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}
