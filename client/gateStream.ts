/** Follows the API's stream of gates: snapshot, changes, heartbeats; comes back by itself and goes on where it was (S5, S6). */
import { BallastError, Unreachable } from './errors.js';
import { createStop, open, orAborted, type Connection } from './http.js';
import { pause, waitMs } from './retry.js';
import { readEvents, type ServerSentEvent } from './sse.js';
import type { Gate } from './wire.js';

export type GateStreamDeps = {
  connection: Connection;
  onGates(gates: readonly Gate[]): void;
  /** A snapshot has begun: all that was known in another epoch says nothing any more. APIs of earlier releases tell none. */
  onEpoch(epoch: string | undefined): void;
  /** All is known that the API knew when it last looked at its database, so long ago. */
  onCurrent(ageMs: number): void;
  onError(error: BallastError): void;
};

export type GateStream = { close(): Promise<void> };

/** The API sends a heartbeat each 5 s: a connection that is silent for longer than this is dead. */
const SILENT_MS_MAX = 7_500;
const PATH = '/v1/gates/stream';

export function followGates(deps: GateStreamDeps): GateStream {
  const { connection, onCurrent, onError } = deps;
  const stop = createStop();
  let lastEventId: string | null = null;
  let failures = 0;

  /** Ends when the connection does, in whatever way. */
  async function readOn(): Promise<void> {
    const giveUp = new AbortController();
    const abort = (): void => giveUp.abort(new Error('the client was closed'));
    const silence = setTimeout(() => giveUp.abort(new Error(`nothing came for ${SILENT_MS_MAX} ms`)), SILENT_MS_MAX);
    stop.signal.addEventListener('abort', abort);
    try {
      const headers = { Accept: 'text/event-stream', ...(lastEventId !== null && { 'Last-Event-ID': lastEventId }) };
      const response = await orAborted(
        giveUp.signal,
        open(connection, { method: 'GET', path: PATH, headers }, giveUp.signal),
      );
      const age = createAge(response);
      for await (const event of readEvents(chunksOf(response.body!, giveUp.signal), () => silence.refresh())) {
        const told = take(event, deps);
        age.hear(told);
        // An event with an id says that all before it was sent; within a snapshot or a replay there are none.
        if (event.id === null) continue;
        lastEventId = event.id;
        failures = 0;
        const ageMs = age.asTold(told);
        if (ageMs !== null) onCurrent(ageMs);
      }
      throw new Error('the API ended the stream');
    } catch (error) {
      throw error instanceof BallastError
        ? error
        : new Unreachable(`GET ${PATH}`, giveUp.signal.aborted ? giveUp.signal.reason : error);
    } finally {
      clearTimeout(silence);
      stop.signal.removeEventListener('abort', abort);
    }
  }

  async function follow(): Promise<void> {
    while (!stop.signal.aborted) {
      const error = await readOn().then(
        () => null,
        (thrown: BallastError) => thrown,
      );
      if (stop.signal.aborted || error === null) continue;
      onError(error);
      await pause(waitMs(failures++, error), stop.signal);
    }
  }

  const following = follow();
  return {
    async close() {
      stop.abort();
      await following;
    },
  };
}

/** Takes the event's gates over; says what it tells of times. */
function take(
  { event, data }: ServerSentEvent,
  { onGates, onEpoch }: Pick<GateStreamDeps, 'onGates' | 'onEpoch'>,
): Times {
  switch (event) {
    case 'snapshot': {
      const {
        gates,
        epoch,
        asOf = gates.at(-1)?.asOf,
        at,
      } = JSON.parse(data) as Times & { gates: Gate[]; epoch?: string };
      onEpoch(epoch);
      onGates(gates);
      return { asOf, at };
    }
    case 'gate': {
      const gate = JSON.parse(data) as Gate;
      onGates([gate]);
      return { asOf: gate.asOf };
    }
    case 'heartbeat':
      return JSON.parse(data) as Times;
    default:
      return {};
  }
}

async function* chunksOf(body: ReadableStream<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await orAborted(signal, reader.read());
      if (done) return;
      yield value;
    }
  } finally {
    reader.cancel().catch(() => undefined); // ends the connection
  }
}

/** When the API last looked at its database, and what time it was when it said so: both by its own clock. */
type Times = { asOf?: string | undefined; at?: string | undefined };

/**
 * How old the API's own knowledge is: it may have lost its database, and go on sending. Its clock and ours need not agree.
 * Where it tells its time, the difference is the age. Where not, as in single changes or by an older API, its answer's date
 * is compared with what it tells at first, and from then on it counts only that the told time changes.
 */
function createAge(response: Response): { hear(times: Times): void; asTold(times: Times): number | null } {
  const dateMs = Date.parse(response.headers.get('date') ?? '');
  const answeredMs = performance.now();
  let heard: string | null = null;
  let last: string | null = null;
  return {
    hear({ asOf }) {
      heard = asOf ?? heard;
    },
    /** In milliseconds; null when it has not looked since. */
    asTold({ asOf, at }) {
      const isFirst = last === null;
      const isOld = heard === last && heard !== null;
      last = heard;
      const ageMs = Date.parse(at ?? '') - Date.parse(asOf ?? '');
      if (!Number.isNaN(ageMs)) return Math.max(0, ageMs);
      if (isOld) return null;
      if (!isFirst || heard === null || Number.isNaN(dateMs)) return 0;
      return Math.max(0, dateMs + performance.now() - answeredMs - Date.parse(heard));
    },
  };
}
