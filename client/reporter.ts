/** Buffers usage and sends it in batches until each event is durable, rejected with a reason, or handed back: none is lost in silence. */
import { type Batch, bytesOf, eventOf, newBatch, tellable } from './batch.js';
import { ApiError, BallastError, BufferFull, EventTooLarge, UnsentEvents, Unreachable } from './errors.js';
import { ask, createStop, type Connection } from './http.js';
import { requireRange, TIMER_MS_MAX } from './limits.js';
import { askedMs, pause, waitMs, within } from './retry.js';
import type { Gate, RejectionCode, UsageAnswer, UsageEvent } from './wire.js';

/** An event that the API will never take, and why. */
export type RejectedEvent = { event: UsageEvent; code: RejectionCode | (string & {}); message: string };

/** How usage is batched and buffered. */
export type ReporterOptions = {
  /** At most so many events a request, 1 to 5,000. @default 500 */
  batchEventsMax?: number;
  /** An event waits at most so long for others to go with. @default 20 */
  lingerMs?: number;
  /** Requests under way at the same time; while they are, batches grow. @default 2 */
  requestsMax?: number;
  /** What waits and what is under way, as JSON. When it is full, `report()` throws `BufferFull`. @default 33_554_432 */
  bufferBytesMax?: number;
};

export type ReporterDeps = {
  connection: Connection;
  /** Called for each event that the API will never take. */
  onRejected(rejected: RejectedEvent): void;
  /** Called at each failure that is tried again. */
  onError(error: BallastError): void;
  /** The gates of the accounts just charged, and the epoch of their versions. */
  onGates(gates: Gate[], epoch: string | undefined): void;
};

export type Reporter = {
  report(event: UsageEvent): string;
  room(): Promise<void>;
  flush(withinMs?: number): Promise<void>;
  close(withinMs: number): Promise<void>;
  readonly buffered: { events: number; bytes: number };
};

/** A request is far below the API's 8 MB. */
const BATCH_BYTES_MAX = 1024 * 1024;
const API_EVENTS_MAX = 5_000;
/** Below this part of its limit the buffer has room again. */
const ROOM = 0.9;
/** While the client closes, it tries at least so often. */
const CLOSING_MS_MAX = 1_000;

export function createReporter(
  options: ReporterOptions,
  { connection, onRejected, onError, onGates }: ReporterDeps,
): Reporter {
  const { batchEventsMax = 500, lingerMs = 20, requestsMax = 2, bufferBytesMax = 32 * 1024 * 1024 } = options;
  requireRange('reporting.batchEventsMax', batchEventsMax, 1, API_EVENTS_MAX);
  requireRange('reporting.lingerMs', lingerMs, 0, TIMER_MS_MAX);
  requireRange('reporting.requestsMax', requestsMax, 1, Infinity);
  requireRange('reporting.bufferBytesMax', bufferBytesMax, 1, Infinity);

  const stop = createStop();
  /** Ends the pauses of lanes, when there is no time left for them. */
  const hurry = createStop();
  /** Full batches, oldest first; then the one that is being filled. */
  const waiting: Batch[] = [];
  let filling = newBatch();
  /** Every batch with events whose fate is not known, waiting or under way. */
  const unsettled = new Set<Batch>();
  let bytes = 0;
  /** Of the event that found no room last: room for less is none. */
  let wantedBytes = 0;
  let lanes = 0;
  let closed = false;
  let lastError: BallastError | null = null;
  let linger: NodeJS.Timeout | null = null;
  let roomWaiters: (() => void)[] = [];

  function report({ id = crypto.randomUUID(), at = new Date().toISOString(), ...rest }: UsageEvent): string {
    if (closed) throw new BallastError('closed', 'The client is closed: this event was not taken.');
    const json = JSON.stringify(tellable({ id, at, ...rest }));
    const size = bytesOf(json);
    if (bytes + size > bufferBytesMax) throw refusal(size);
    if (filling.events.length >= batchEventsMax || filling.bytes + size > BATCH_BYTES_MAX) seal();
    filling.events.push(json);
    filling.bytes += size;
    bytes += size;
    unsettled.add(filling);
    if (waiting.length > 0 || filling.events.length >= batchEventsMax) openLane();
    else if (lanes < requestsMax) linger ??= setTimeout(sendNow, lingerMs);
    return id;
  }

  function refusal(size: number): BallastError {
    if (size > bufferBytesMax) return new EventTooLarge(size, bufferBytesMax);
    wantedBytes = size;
    return new BufferFull(countEvents(), bufferBytesMax);
  }

  function seal(): void {
    if (filling.events.length === 0) return;
    waiting.push(filling);
    filling = newBatch();
  }

  function sendNow(): void {
    linger = null;
    openLane();
  }

  function openLane(): void {
    if (lanes < requestsMax && !stop.signal.aborted) void sendAll();
  }

  /** A lane: sends batch after batch until nothing waits. What comes meanwhile goes with the next, so batches grow under load. */
  async function sendAll(): Promise<void> {
    lanes += 1;
    for (let batch = next(); batch && !stop.signal.aborted; batch = next()) await deliver(batch);
    lanes -= 1; // in the same turn as the last look: what is reported from now on opens a lane of its own
  }

  function next(): Batch | undefined {
    if (waiting.length === 0) seal();
    return waiting.shift();
  }

  /** Until it is settled, or the client is closed. */
  async function deliver(batch: Batch): Promise<void> {
    for (let failures = 0; !stop.signal.aborted;) {
      const answer = await post(batch.events)
        .then((body) => toAnswer(body, batch.events.length))
        .catch((error: BallastError) => error);
      if (!(answer instanceof Error)) return settle(batch, answer);
      if (isRefused(answer)) return refuse(batch, answer);
      if (stop.signal.aborted) return;
      lastError = answer;
      onError(answer);
      failures = await rest(failures, answer);
    }
  }

  /** Before the same again: says with which count of failures. Closing cuts it short, but for what the API asked for. */
  async function rest(failures: number, error: BallastError): Promise<number> {
    const asked = askedMs(error);
    const more = waitMs(failures, error) - asked;
    await pause(asked, stop.signal);
    if (closed) return pause(Math.min(more, CLOSING_MS_MAX), stop.signal).then(() => failures + 1);
    await pause(more, hurry.signal);
    return closed ? 0 : failures + 1;
  }

  const post = (events: readonly string[]): Promise<unknown> =>
    ask(connection, {
      method: 'POST',
      path: '/v1/usage',
      body: `{"events":[${events.join(',')}]}`,
      signal: stop.signal,
    });

  function settle(batch: Batch, { rejected, gates, epoch }: UsageAnswer): void {
    lastError = null;
    const events = batch.events;
    forget(batch);
    onGates(Object.values(gates), epoch);
    for (const { index, code, message } of rejected) onRejected({ event: eventOf(events[index]!), code, message });
  }

  /** The request as a whole was refused: halves of it tell which event is to blame. */
  async function refuse(batch: Batch, error: ApiError): Promise<void> {
    const { events } = batch;
    if (events.length === 1) {
      forget(batch);
      return onRejected({ event: eventOf(events[0]!), code: error.code, message: error.message });
    }
    const middle = events.length >> 1;
    const halves = [events.slice(0, middle), events.slice(middle)].map((half) => newBatch(half));
    halves.forEach((half) => unsettled.add(half));
    unsettled.delete(batch);
    for (const half of halves) await deliver(half);
    if (!halves.some((half) => unsettled.has(half))) batch.settled();
  }

  function forget(batch: Batch): void {
    unsettled.delete(batch);
    bytes -= batch.bytes;
    batch.settled();
    if (hasRoom()) wakeWaiters();
  }

  const hasRoom = (): boolean => bytes <= bufferBytesMax * ROOM && bytes + wantedBytes <= bufferBytesMax;
  function wakeWaiters(): void {
    wantedBytes = 0;
    const woken = roomWaiters;
    roomWaiters = [];
    woken.forEach((wake) => wake());
  }

  const countEvents = (): number => [...unsettled].reduce((sum, { events }) => sum + events.length, 0);
  const unsent = (): UnsentEvents =>
    new UnsentEvents(
      [...unsettled].flatMap(({ events }) => events.map(eventOf)),
      lastError,
    );

  async function flush(withinMs = Infinity): Promise<void> {
    const batches = [...unsettled];
    seal();
    while (waiting.length > 0 && lanes < requestsMax && !stop.signal.aborted) openLane();
    const inTime = await within(Promise.all(batches.map(({ done }) => done)), stop.signal.aborted ? 0 : withinMs);
    if (!inTime && unsettled.size > 0) throw unsent();
  }

  return {
    report,
    room: () => (hasRoom() || closed ? Promise.resolve() : new Promise((resolve) => roomWaiters.push(resolve))),
    flush,
    async close(withinMs) {
      closed = true;
      wakeWaiters();
      hurry.abort();
      await flush(withinMs).finally(() => {
        stop.abort(new Error('the client was closed'));
        if (linger) clearTimeout(linger);
      });
    },
    get buffered() {
      return { events: countEvents(), bytes };
    },
  };
}

/**
 * What no repetition mends: the request itself. A wrong key or address is mended by people, and the events wait for it;
 * so they do when something on the way refuses all there is, but for its size.
 */
const isRefused = (error: BallastError): error is ApiError =>
  error instanceof ApiError && (error.status === 413 || (error.isBallasts && [400, 415, 422].includes(error.status)));

/** A 200 that is not the API's, such as a login page, says nothing about the events. */
function toAnswer(body: unknown, events: number): UsageAnswer {
  const { rejected, gates, epoch } = (body ?? {}) as Partial<UsageAnswer>;
  const isOurs =
    Array.isArray(rejected) &&
    rejected.every((one) => Number.isInteger(one?.index) && one.index >= 0 && one.index < events) &&
    Object.values(gates ?? {}).every((gate) => Array.isArray(gate?.reasons));
  if (!isOurs) throw new Unreachable('POST /v1/usage', new Error("the answer is not the API's"));
  return { rejected, gates: gates ?? {}, epoch };
}
