/** The client of an inference service: reports usage, knows the gates, holds money. */
import { BallastError } from './errors.js';
import { createGate, type GateOptions, type GateReplica } from './gate.js';
import { createHolds, type Hold } from './holds.js';
import { createStop, type Connection } from './http.js';
import { requireRange, TIMER_MS_MAX } from './limits.js';
import { createReporter, type RejectedEvent, type ReporterOptions } from './reporter.js';
import { within } from './retry.js';
import type { HoldRequest, UsageEvent } from './wire.js';

/** Only `url` and `key` are needed. */
export type ClientOptions = {
  /** Of the API, such as `https://ballast.internal`. */
  url: string;
  /** Of role `service`. */
  key: string;
  /** How usage is batched and buffered. */
  reporting?: ReporterOptions;
  /** How the replica of the gates behaves, or false when none is wanted. */
  gate?: GateOptions | false;
  /** A request without an answer by then is tried again. @default 10_000 */
  timeoutMs?: number;
  /** `hold`, `settle` and `release` are repeated for so long while the API can't be reached. @default 5_000 */
  holdPatienceMs?: number;
  /** An event the API will never take: unknown model, other content under the same id, … It is kept for the admins too. @default a process warning */
  onRejected?(rejected: RejectedEvent): void;
  /** Something failed and will be tried again, each time it does. @default a process warning */
  onError?(error: BallastError): void;
};

/** One for a process: it keeps a stream of gates open, and a buffer of usage. */
export type BallastClient = {
  /**
   * Takes an event to be sent soon, and gives its id back. It is then durable, or told to `onRejected`, or in what `close()` throws.
   * Throws `BufferFull` when the API has taken nothing for so long that memory would grow past its limit, and an error of code `closed` after `close()`.
   */
  report(event: UsageEvent): string;
  /** Resolves when the buffer has room again, at once when it has: backpressure for whoever prefers waiting to `BufferFull`. */
  room(): Promise<void>;
  /** Resolves when all that was reported before is durable or rejected. Throws `UnsentEvents` when that takes longer; they are still being sent. */
  flush(withinMs?: number): Promise<void>;
  /** What is not known to be durable yet. */
  readonly buffered: { events: number; bytes: number };
  /** May an account run inference? Throws when the client was made with `gate: false`. */
  readonly gate: GateReplica;
  /** Sets money aside. Throws `InsufficientFunds`, `AccountSuspended`, `NotFound`; `Unreachable` when the API is. */
  hold(accountId: string, request: HoldRequest): Promise<Hold>;
  /** Waits for settlements under way, sends what is left, then ends all connections. Throws `UnsentEvents` with what could not be sent in time. @param withinMs @default 10_000 */
  close(withinMs?: number): Promise<void>;
};

const CLOSE_MS = 10_000;

/** Opens the stream of gates at once. Throws a `TypeError` or `RangeError` for options that can't be meant. Close it, or the process stays alive. */
export function createClient(options: ClientOptions): BallastClient {
  const { key, reporting = {}, timeoutMs = 10_000, holdPatienceMs = 5_000 } = options;
  requireRange('timeoutMs', timeoutMs, 1, TIMER_MS_MAX);
  requireRange('holdPatienceMs', holdPatienceMs, 1, TIMER_MS_MAX);
  const connection: Connection = { url: baseOf(options.url), key: checkedKey(key), timeoutMs };
  const onRejected = harmless(options.onRejected ?? warnOfRejected);
  const onError = harmless(options.onError ?? warnOfError);
  const stop = createStop();

  const gate = options.gate === false ? null : createGate(options.gate ?? {}, { connection, onError });
  const reporter = createReporter(reporting, {
    connection,
    onRejected,
    onError,
    onGates: (gates, epoch) => gate?.learn(gates, epoch),
  });
  const holds = createHolds({ connection, patienceMs: holdPatienceMs, report: reporter.report, signal: stop.signal });
  let closing: Promise<void> | null = null;

  async function close(withinMs: number): Promise<void> {
    const untilMs = performance.now() + withinMs;
    try {
      await within(holds.ended(), withinMs); // first: what can't be settled is reported
      await reporter.close(Math.max(0, untilMs - performance.now()));
    } finally {
      stop.abort(new Error('the client was closed'));
      await gate?.close();
    }
  }

  return {
    report: reporter.report,
    room: reporter.room,
    flush: reporter.flush,
    hold: holds.place,
    close: (withinMs = CLOSE_MS) => (closing ??= close(withinMs)),
    get buffered() {
      return reporter.buffered;
    },
    get gate() {
      if (!gate) throw new BallastError('gate_off', 'This client was created with `gate: false`.');
      return gate;
    },
  };
}

function baseOf(given: string): string {
  const url = URL.canParse(given) ? new URL(given) : null;
  if (!url)
    throw new TypeError(
      `url is ${JSON.stringify(given)}: it must be the address of the API, such as https://ballast.internal.`,
    );
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new TypeError(`url is ${given}: it must be http or https.`);
  if (url.username || url.password || url.search || url.hash)
    throw new TypeError(`url has a user name, a query or a fragment: the address of the API has none.`);
  return url.href.replace(/\/+$/, '');
}

/** Not shown in the error: it is a secret. Keys from files end with a line break. */
function checkedKey(key: string): string {
  const trimmed = typeof key === 'string' ? key.trim() : '';
  if (!/^[\x21-\x7e]+$/.test(trimmed))
    throw new TypeError('key is missing, or is not a key: it must be printable ASCII without spaces.');
  return trimmed;
}

const warnOfRejected = ({ event, code, message }: RejectedEvent): void =>
  process.emitWarning(
    `the usage event ${event.id} of ${event.accountId} was rejected (${code}): ${message}`,
    'BallastWarning',
    'ballast_rejected',
  );
const warnOfError = (error: BallastError): void =>
  process.emitWarning(error.message, 'BallastWarning', `ballast_${error.code}`);

/** What a callback throws, at once or later, must not stop the sending. */
const harmless =
  <T>(callback: (told: T) => void) =>
  (told: T): void => {
    try {
      // One that is async gives a promise all the same.
      void Promise.resolve(callback(told)).catch(warnOfCallback);
    } catch (error) {
      warnOfCallback(error);
    }
  };
const warnOfCallback = (error: unknown): void =>
  process.emitWarning(`a callback has thrown: ${String(error)}`, 'BallastWarning', 'ballast_callback');
