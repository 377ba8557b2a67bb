/** Steady usage, one event a request, from callers that repeat what was not acknowledged until it is. */
import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

export type Event = { accountId: string; model: string; inputTokens: number; outputTokens: number };

/** `atMs` is when the answer came, by `performance.now()`. */
export type Acknowledged = { id: string; atMs: number };

export type Senders = {
  acknowledged: readonly Acknowledged[];
  /** Waits until an event is acknowledged after a moment, by `performance.now()`. Throws after two minutes. */
  takenAfter(ms: number): Promise<void>;
  /** Waits until what is under way is acknowledged. */
  stop(): Promise<void>;
};

const SENDERS = 32;
/** Each sends an event so often: together some hundred a second. */
const EACH_MS = 300;
const REPEAT_MS = 100;
const ANSWER_MS_MAX = 5_000;
const OUTAGE_MS_MAX = 120_000;

/** @param nextEvent called for each event, which goes to the APIs in turn */
export function startSenders(apis: readonly string[], serviceKey: string, nextEvent: () => Event): Senders {
  const agent = new Agent({ keepAlive: true });
  const acknowledged: Acknowledged[] = [];
  let stopped = false;
  let tries = 0;
  const send = async (): Promise<void> => {
    const id = randomUUID();
    const body = JSON.stringify({ events: [{ id, ...nextEvent() }] });
    for (;;) {
      const url = `${apis[tries++ % apis.length]}/v1/usage`;
      const answer = await ask(agent, url, serviceKey, body);
      if (answer.status === 200 && isTaken(answer.text)) break;
      await sleep(REPEAT_MS);
    }
    acknowledged.push({ id, atMs: performance.now() });
  };
  const run = async (first: number): Promise<void> => {
    await sleep(first);
    while (!stopped) {
      const startedMs = performance.now();
      await send();
      await sleep(Math.max(0, startedMs + EACH_MS - performance.now()));
    }
  };
  const running = Promise.all(Array.from({ length: SENDERS }, (_, nth) => run((nth * EACH_MS) / SENDERS)));
  return {
    acknowledged,
    async takenAfter(ms) {
      for (const endMs = performance.now() + OUTAGE_MS_MAX; (acknowledged.at(-1)?.atMs ?? 0) <= ms; await sleep(50))
        if (performance.now() > endMs) throw new Error('Usage is not taken again.');
    },
    async stop() {
      stopped = true;
      await running;
      agent.destroy();
    },
  };
}

/** @throws for an event that was refused: then nothing is measured */
function isTaken(text: string): boolean {
  const { accepted, duplicates, rejected } = JSON.parse(text) as {
    accepted: number;
    duplicates: number;
    rejected: { message: string }[];
  };
  if (rejected[0]) throw new Error(`An event of the load was refused: ${rejected[0].message}`);
  return accepted + duplicates === 1;
}

/** Status 0: no answer. */
export function ask(agent: Agent, url: string, key: string, body?: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve) => {
    const headers = {
      authorization: `Bearer ${key}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    };
    const signal = AbortSignal.timeout(ANSWER_MS_MAX);
    const none = (error: Error) => resolve({ status: 0, text: error.message });
    request(url, { method: body === undefined ? 'GET' : 'POST', agent, headers, signal }, (response) => {
      let text = '';
      response
        .on('data', (chunk: Buffer) => (text += chunk.toString()))
        .on('end', () => resolve({ status: response.statusCode ?? 0, text }))
        .on('error', none);
    })
      .on('error', none)
      .end(body);
  });
}

/**
 * Of the longest time without an acknowledgement that ends after `fromMs`: how long after `fromMs` it ended, in seconds.
 * Answers that were under way at `fromMs` do not count as taking usage again.
 */
export function secondsWithout(acknowledged: readonly Acknowledged[], fromMs: number): number {
  const times = acknowledged.map(({ atMs }) => atMs);
  let longestMs = 0;
  let endMs = fromMs;
  times.forEach((atMs, nth) => {
    const gapMs = atMs - (times[nth - 1] ?? atMs);
    if (atMs < fromMs || gapMs <= longestMs) return;
    longestMs = gapMs;
    endMs = atMs;
  });
  return (endMs - fromMs) / 1_000;
}
