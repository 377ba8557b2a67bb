/** Buffers usage and sends it in batches until each event is durable, rejected with a reason, or handed back: none is lost in silence. */
import { ApiError, BallastError, BufferFull, UnsentEvents, Unreachable } from './errors.js';
import { ask, createStop, type Connection } from './http.js';
import { pause, waitMs } from './retry.js';
import type { Gate, RejectionCode, UsageAnswer, UsageEvent } from './wire.js';

export type RejectedEvent = { event: UsageEvent; code: RejectionCode | (string & {}); message: string };

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
  /** The gates of the accounts just charged. */
  onGates(gates: Gate[]): void;
};

export type Reporter = {
  report(event: UsageEvent): string;
  room(): Promise<void>;
  flush(withinMs?: number): Promise<void>;
  close(withinMs: number): Promise<void>;
  readonly buffered: { events: number; bytes: number };
};

/** Events as JSON: written once, so that what is sent again is the same, and memory can be counted. */
type Batch = { events: string[]; bytes: number; done: Promise<void>; settled(): void };

/** What an event takes of the heap beside its characters, measured: so that the limit is one of memory. */
const EVENT_OVERHEAD_BYTES = 150;
/** A request is far below the API's 8 MB. */
const BATCH_BYTES_MAX = 1024 * 1024;
const API_EVENTS_MAX = 5_000;
/** Below this part of its limit the buffer has room again. */
const ROOM = 0.9;

export function createReporter(options: ReporterOptions, { connection, onRejected, onError, onGates }: ReporterDeps): Reporter {
  const { batchEventsMax = 500, lingerMs = 20, requestsMax = 2, bufferBytesMax = 32 * 1024 * 1024 } = options;
  if (!(batchEventsMax >= 1 && batchEventsMax <= API_EVENTS_MAX)) throw new RangeError(`batchEventsMax is ${batchEventsMax}: it must be from 1 to ${API_EVENTS_MAX}.`);
  if (!(requestsMax >= 1)) throw new RangeError(`requestsMax is ${requestsMax}: it must be at least 1.`);

  const stop = createStop();
  /** Full batches, oldest first; then the one that is being filled. */
  const waiting: Batch[] = [];
  let filling = newBatch();
  /** Every batch with events whose fate is not known, waiting or under way. */
  const unsettled = new Set<Batch>();
  let bytes = 0;
  let lanes = 0;
  let closed = false;
  let linger: NodeJS.Timeout | null = null;
  let roomWaiters: (() => void)[] = [];

  function report({ id = crypto.randomUUID(), at = new Date().toISOString(), ...rest }: UsageEvent): string {
    if (closed) throw new BallastError('closed', 'The client is closed: this event was not taken.');
    const json = JSON.stringify({ id, at, ...rest });
    const size = json.length + EVENT_OVERHEAD_BYTES;
    if (bytes + size > bufferBytesMax) throw new BufferFull(countEvents(), bufferBytesMax);
    if (filling.events.length >= batchEventsMax || filling.bytes + size > BATCH_BYTES_MAX) seal();
    filling.events.push(json);
    filling.bytes += size;
    bytes += size;
    unsettled.add(filling);
    if (waiting.length > 0 || filling.events.length >= batchEventsMax) openLane();
    else if (lanes < requestsMax) linger ??= setTimeout(sendNow, lingerMs);
    return id;
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
    for (let failures = 0; !stop.signal.aborted; failures++) {
      const answer = await post(batch.events).then(toAnswer).catch((error: BallastError) => error);
      if (!(answer instanceof Error)) return settle(batch, answer);
      if (isRefused(answer)) return refuse(batch, answer);
      if (stop.signal.aborted) return;
      onError(answer);
      await pause(waitMs(failures, answer), stop.signal);
    }
  }

  const post = (events: readonly string[]): Promise<unknown> =>
    ask(connection, { method: 'POST', path: '/v1/usage', body: `{"events":[${events.join(',')}]}`, signal: stop.signal });

  function settle(batch: Batch, { rejected, gates }: UsageAnswer): void {
    const events = batch.events;
    forget(batch);
    onGates(Object.values(gates));
    for (const { index, code, message } of rejected) onRejected({ event: parse(events[index]!), code, message });
  }

  /** The request as a whole was refused: halves of it tell which event is to blame. */
  async function refuse(batch: Batch, error: ApiError): Promise<void> {
    const { events } = batch;
    if (events.length === 1) {
      forget(batch);
      return onRejected({ event: parse(events[0]!), code: error.code, message: error.message });
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

  const hasRoom = (): boolean => bytes <= bufferBytesMax * ROOM;
  function wakeWaiters(): void {
    const woken = roomWaiters;
    roomWaiters = [];
    woken.forEach((wake) => wake());
  }

  const countEvents = (): number => [...unsettled].reduce((sum, { events }) => sum + events.length, 0);
  const unsent = (): UnsentEvents => new UnsentEvents([...unsettled].flatMap(({ events }) => events.map(parse)));

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

function newBatch(events: string[] = []): Batch {
  const bytes = events.reduce((sum, { length }) => sum + length + EVENT_OVERHEAD_BYTES, 0);
  let settled = (): void => undefined;
  const done = new Promise<void>((resolve) => (settled = resolve));
  return { events, bytes, done, settled };
}

/** What no repetition mends: the request itself. A wrong key or address is mended by people, and the events wait for it. */
const isRefused = (error: BallastError): error is ApiError => error instanceof ApiError && [400, 413, 415, 422].includes(error.status);

/** A 200 that is not the API's, such as a login page, says nothing about the events. */
function toAnswer(body: unknown): UsageAnswer {
  const { rejected, gates } = (body ?? {}) as Partial<UsageAnswer>;
  if (!Array.isArray(rejected)) throw new Unreachable('POST /v1/usage', new Error("the answer is not the API's"));
  return { rejected, gates: gates ?? {} };
}

const parse = (json: string): UsageEvent => JSON.parse(json) as UsageEvent;

/** Whether it resolved in time. */
async function within(work: Promise<unknown>, ms: number): Promise<boolean> {
  if (ms === Infinity) return work.then(() => true);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), ms)));
  return Promise.race([work.then(() => true), late]).finally(() => clearTimeout(timer));
}
