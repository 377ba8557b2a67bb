/** Usage that is not known to be durable: what waits, in which order, and how much memory it takes. */
import { type Batch, bytesOf, eventOf, halve, newBatch } from './batch.js';
import { type BallastError, BufferFull, EventTooLarge } from './errors.js';
import type { UsageEvent } from './wire.js';

export type BufferLimits = { batchEventsMax: number; bufferBytesMax: number };

export type Buffer = {
  /** Takes an event, as JSON. Throws `BufferFull` or `EventTooLarge`. */
  add(json: string): void;
  /** The batch to send next: the oldest that waits, or else what has come since. */
  next(): Batch | undefined;
  /** Puts a batch back, before all others or behind them. */
  putBack(batch: Batch, where: 'first' | 'last'): void;
  /** Puts both halves of a batch in its place, before all others. */
  split(batch: Batch): void;
  /** The fate of its events is known. */
  forget(batch: Batch): void;
  /** Lets the batch that is being filled go as it is. */
  seal(): void;
  /** Resolves when there is room again, or `wakeAll` was called. */
  room(): Promise<void>;
  wakeAll(): void;
  /** Each batch whose fate is not known, waiting or under way. */
  undelivered(): Batch[];
  events(): UsageEvent[];
  /** A batch is full, or has been waiting. */
  readonly isPressing: boolean;
  readonly hasWaiting: boolean;
  readonly size: { events: number; bytes: number };
};

/** A request is far below the API's 8 MB. */
const BATCH_BYTES_MAX = 1024 * 1024;
/** Below this part of its limit the buffer has room again. */
const ROOM = 0.9;

export function createBuffer({ batchEventsMax, bufferBytesMax }: BufferLimits): Buffer {
  /** Full batches, in the order they are sent; then the one that is being filled. */
  const waiting: Batch[] = [];
  let filling = newFilling();
  const undelivered = new Set<Batch>();
  let bytes = 0;
  /** Of the event that found no room last: room for less is none. */
  let wantedBytes = 0;
  const roomWaiters = createWaiters();

  const hasRoom = (): boolean => bytes <= bufferBytesMax * ROOM && bytes + wantedBytes <= bufferBytesMax;

  function refusal(size: number): BallastError {
    if (size > bufferBytesMax) return new EventTooLarge(size, bufferBytesMax);
    wantedBytes = size;
    return new BufferFull(countEvents(undelivered), bufferBytesMax);
  }

  function add(json: string): void {
    const size = bytesOf(json);
    if (bytes + size > bufferBytesMax) throw refusal(size);
    if (filling.events.length >= batchEventsMax || filling.bytes + size > BATCH_BYTES_MAX) seal();
    filling.events.push(json);
    filling.bytes += size;
    bytes += size;
    undelivered.add(filling);
  }

  function seal(): void {
    if (filling.events.length === 0) return;
    waiting.push(filling);
    filling = newFilling();
  }

  function wakeAll(): void {
    wantedBytes = 0;
    roomWaiters.wake();
  }

  return {
    add,
    seal,
    wakeAll,
    next() {
      if (waiting.length === 0) seal();
      return waiting.shift();
    },
    putBack(batch, where) {
      if (where === 'first') return void waiting.unshift(batch);
      seal();
      waiting.push(batch);
    },
    split(batch) {
      const halves = halve(batch);
      halves.forEach((half) => undelivered.add(half));
      undelivered.delete(batch);
      waiting.unshift(...halves);
    },
    forget(batch) {
      undelivered.delete(batch);
      bytes -= batch.bytes;
      batch.end();
      if (hasRoom()) wakeAll();
    },
    room: () => (hasRoom() ? Promise.resolve() : roomWaiters.wait()),
    undelivered: () => [...undelivered],
    events: () => [...undelivered].flatMap(({ events }) => events.map(eventOf)),
    get isPressing() {
      return waiting.length > 0 || filling.events.length >= batchEventsMax;
    },
    get hasWaiting() {
      return waiting.length > 0;
    },
    get size() {
      return { events: countEvents(undelivered), bytes };
    },
  };
}

const countEvents = (batches: Iterable<Batch>): number =>
  [...batches].reduce((sum, { events }) => sum + events.length, 0);

/** Whoever waits for the same thing to happen. */
function createWaiters(): { wait(): Promise<void>; wake(): void } {
  let waiting: (() => void)[] = [];
  return {
    wait: () => new Promise((resolve) => waiting.push(resolve)),
    wake() {
      const woken = waiting;
      waiting = [];
      woken.forEach((resolve) => resolve());
    },
  };
}

type Filling = Batch & { events: string[] };
const newFilling = (): Filling => ({ ...newBatch([]), events: [] });
