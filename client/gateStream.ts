/** Follows the API's stream of gates: snapshot, changes, heartbeats; comes back by itself and goes on where it was (S5, S6). */
import { BallastError, Unreachable } from './errors.js';
import { open, type Connection } from './http.js';
import { pause, waitMs } from './retry.js';
import { readEvents, type ServerSentEvent } from './sse.js';
import type { Gate } from './wire.js';

export type GateStreamDeps = {
  connection: Connection;
  onGates(gates: readonly Gate[]): void;
  /** All that had changed up to now has come. */
  onFresh(): void;
  onError(error: BallastError): void;
};

export type GateStream = { close(): Promise<void> };

/** The API sends a heartbeat each 5 s: a connection that is silent for longer than this is dead. */
const SILENT_MS_MAX = 7_500;
const PATH = '/v1/gates/stream';

export function followGates({ connection, onGates, onFresh, onError }: GateStreamDeps): GateStream {
  const stop = new AbortController();
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
      const response = await open(connection, { method: 'GET', path: PATH, headers }, giveUp.signal);
      /** What comes before the snapshot's end, or before the first sign after a resumption, is of the past. */
      let caughtUp = false;
      for await (const event of readEvents(response.body!, () => silence.refresh())) {
        caughtUp = take(event) || caughtUp;
        if (!caughtUp) continue;
        // An id from the middle of a snapshot would skip the rest of it.
        lastEventId = event.id ?? lastEventId;
        failures = 0;
        onFresh();
      }
      throw new Error('the API ended the stream');
    } catch (error) {
      throw error instanceof BallastError ? error : new Unreachable(`GET ${PATH}`, giveUp.signal.aborted ? giveUp.signal.reason : error);
    } finally {
      clearTimeout(silence);
      stop.signal.removeEventListener('abort', abort);
    }
  }

  /** Whether the event says that nothing older is to come. */
  function take({ event, data }: ServerSentEvent): boolean {
    switch (event) {
      case 'snapshot': {
        const page = JSON.parse(data) as { gates: Gate[]; last: boolean };
        onGates(page.gates);
        return page.last;
      }
      case 'gate':
        onGates([JSON.parse(data) as Gate]);
        return false;
      default:
        return event === 'heartbeat';
    }
  }

  async function follow(): Promise<void> {
    while (!stop.signal.aborted) {
      const error = await readOn().then(() => null, (thrown: BallastError) => thrown);
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
