/** Buffers usage and sends it in batches until each event is durable, rejected with a reason, or handed back: none is lost in silence. */
import { type Batch, eventOf, tellable } from './batch.js';
import { createBuffer } from './buffer.js';
import { BallastError, UnsentEvents } from './errors.js';
import { createStop, type Connection } from './http.js';
import { isRefused, judge } from './isolate.js';
import { requireRange, TIMER_MS_MAX } from './limits.js';
import { askedMs, pause, waitMs, within } from './retry.js';
import { sendUsage } from './sendUsage.js';
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

const API_EVENTS_MAX = 5_000;
/** While the client closes, it tries at least so often. */
const CLOSING_MS_MAX = 1_000;

function checked(options: ReporterOptions): Required<ReporterOptions> {
  const { batchEventsMax = 500, lingerMs = 20, requestsMax = 2, bufferBytesMax = 32 * 1024 * 1024 } = options;
  requireRange('reporting.batchEventsMax', batchEventsMax, 1, API_EVENTS_MAX);
  requireRange('reporting.lingerMs', lingerMs, 0, TIMER_MS_MAX);
  requireRange('reporting.requestsMax', requestsMax, 1, Infinity);
  requireRange('reporting.bufferBytesMax', bufferBytesMax, 1, Infinity);
  return { batchEventsMax, lingerMs, requestsMax, bufferBytesMax };
}

export const createReporter = (options: ReporterOptions, deps: ReporterDeps): Reporter =>
  new BufferedReporter(checked(options), deps);

class BufferedReporter implements Reporter {
  private readonly buffer;
  private readonly stop = createStop();
  /** Ends the pauses of lanes, when there is no time left for them. */
  private readonly hurry = createStop();
  /** Requests under way, or waiting to be tried again. */
  private lanes = 0;
  /** Requests that the API has taken. */
  private taken = 0;
  private closed = false;
  private lastError: BallastError | null = null;
  private linger: NodeJS.Timeout | null = null;

  constructor(
    private readonly options: Required<ReporterOptions>,
    private readonly deps: ReporterDeps,
  ) {
    this.buffer = createBuffer(options);
  }

  readonly report = ({ id = crypto.randomUUID(), at = new Date().toISOString(), ...rest }: UsageEvent): string => {
    if (this.closed) throw new BallastError('closed', 'The client is closed: this event was not taken.');
    this.buffer.add(JSON.stringify(tellable({ id, at, ...rest })));
    if (this.buffer.isPressing) this.openLane();
    else if (this.lanes < this.options.requestsMax) this.linger ??= setTimeout(this.sendNow, this.options.lingerMs);
    return id;
  };

  private readonly sendNow = (): void => {
    this.linger = null;
    this.openLane();
  };

  private openLane(): void {
    if (this.lanes < this.options.requestsMax && !this.stop.signal.aborted) void this.sendAll();
  }

  /** A lane: sends batch after batch until nothing waits. What comes meanwhile goes with the next, so batches grow under load. */
  private async sendAll(): Promise<void> {
    const { buffer, stop } = this;
    this.lanes += 1;
    for (let batch = buffer.next(); batch && !stop.signal.aborted; batch = buffer.next()) await this.deliver(batch);
    this.lanes -= 1; // in the same turn as the last look: what is reported from now on opens a lane of its own
  }

  /** Until its fate is known, or others go first, or the client is closed. */
  private async deliver(batch: Batch): Promise<void> {
    const { buffer, stop } = this;
    while (!stop.signal.aborted) {
      const answer = await sendUsage(this.deps.connection, batch.events, stop.signal).catch((e: BallastError) => e);
      if (!(answer instanceof Error)) return this.accept(batch, answer);
      if (stop.signal.aborted) return;
      const verdict = judge(batch, answer, this.taken);
      if (verdict === 'give_up') return this.reject(batch, answer);
      if (!isRefused(answer)) this.fail(answer);
      if (verdict === 'halve') return this.halve(batch);
      if (verdict === 'halve_later') return void this.rest(batch, answer).then(() => this.halve(batch));
      if (verdict === 'step_aside') return void this.rest(batch, answer).then(() => this.again(batch));
      await this.rest(batch, answer);
      if (verdict === 'let_others_go') return buffer.putBack(batch, 'last');
    }
  }

  private halve(batch: Batch): void {
    this.buffer.split(batch);
    this.openLane();
  }

  private again(batch: Batch): void {
    this.buffer.putBack(batch, 'first');
    this.openLane();
  }

  private fail(error: BallastError): void {
    this.lastError = error;
    this.deps.onError(error);
  }

  /** Before the same again. Closing cuts it short, but for what the API asked for. */
  private async rest(batch: Batch, error: BallastError): Promise<void> {
    const { stop, hurry } = this;
    const asked = askedMs(error);
    const more = waitMs(batch.failures, error) - asked;
    batch.failures += 1;
    await pause(asked, stop.signal);
    if (this.closed) return pause(Math.min(more, CLOSING_MS_MAX), stop.signal);
    await pause(more, hurry.signal);
    if (this.closed) batch.failures = 0;
  }

  private accept(batch: Batch, { rejected, gates, epoch }: UsageAnswer): void {
    this.lastError = null;
    this.taken += 1;
    const { events } = batch;
    this.buffer.forget(batch);
    this.deps.onGates(Object.values(gates), epoch);
    for (const { index, code, message } of rejected)
      this.deps.onRejected({ event: eventOf(events[index]!), code, message });
  }

  private reject(batch: Batch, { code, message }: BallastError): void {
    this.buffer.forget(batch);
    this.deps.onRejected({ event: eventOf(batch.events[0]!), code, message });
  }

  readonly room = (): Promise<void> => (this.closed ? Promise.resolve() : this.buffer.room());

  readonly flush = async (withinMs = Infinity): Promise<void> => {
    const { buffer, stop } = this;
    const batches = buffer.undelivered();
    buffer.seal();
    while (buffer.hasWaiting && this.lanes < this.options.requestsMax && !stop.signal.aborted) this.openLane();
    const inTime = await within(Promise.all(batches.map(({ done }) => done)), stop.signal.aborted ? 0 : withinMs);
    if (!inTime && buffer.size.events > 0) throw new UnsentEvents(buffer.events(), this.lastError);
  };

  async close(withinMs: number): Promise<void> {
    this.closed = true;
    this.buffer.wakeAll();
    this.hurry.abort();
    await this.flush(withinMs).finally(() => {
      this.stop.abort(new Error('the client was closed'));
      if (this.linger) clearTimeout(this.linger);
    });
  }

  get buffered(): { events: number; bytes: number } {
    return this.buffer.size;
  }
}
