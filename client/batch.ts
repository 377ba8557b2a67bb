/** Events as they wait and travel: written once, so that what is sent again is the same, and memory can be counted. */
import type { HeldUsage, UsageEvent } from './wire.js';

export type Batch = {
  /** As JSON. */
  events: readonly string[];
  bytes: number;
  /** Failures in a row: the next try waits longer with each. */
  failures: number;
  /** Whether one of its events may be what the API fails on; null while nothing says so. */
  suspicion: Suspicion | null;
  /** Resolves when the fate of every event is known. */
  done: Promise<void>;
  /** It is known: resolves `done`. */
  end(): void;
};

export type Suspicion = {
  /** How many requests the API had taken when the events of this batch failed: has it taken others since? */
  takenBefore: number;
  /** It is a part of a batch that failed. */
  readonly isPart: boolean;
  /** Failures of this batch as it is now. */
  failures: number;
  /** Those of one event alone, while the API took others. */
  failuresAlone: number;
};

/** What an event takes of the heap beside its characters, measured: so that the limit is one of memory. */
const EVENT_OVERHEAD_BYTES = 150;
const COUNTS = ['inputTokens', 'cachedInputTokens', 'outputTokens', 'images'] as const;

export const bytesOf = (json: string): number => json.length + EVENT_OVERHEAD_BYTES;

export function newBatch(events: readonly string[]): Batch {
  const bytes = events.reduce((sum, json) => sum + bytesOf(json), 0);
  let end = (): void => undefined;
  const done = new Promise<void>((resolve) => (end = resolve));
  return { events, bytes, failures: 0, suspicion: null, done, end };
}

/** Both halves of a batch of two events or more; it is done when they are. */
export function halve(batch: Batch): Batch[] {
  const middle = batch.events.length >> 1;
  const halves = [batch.events.slice(0, middle), batch.events.slice(middle)].map(newBatch);
  for (const half of halves) {
    half.failures = batch.failures;
    half.suspicion = batch.suspicion && { ...batch.suspicion, isPart: true, failures: 0 };
  }
  void Promise.all(halves.map(({ done }) => done)).then(batch.end);
  return halves;
}

export const eventOf = (json: string): UsageEvent => JSON.parse(json) as UsageEvent;

/**
 * JSON has no NaN: it would travel as null, which counts as 0, and the request would be free.
 * As text it is refused by name and kept for the admins, like any other count that is none.
 */
export function tellable<Event extends HeldUsage>(event: Event): Event {
  for (const count of COUNTS) {
    const value = event[count];
    if (typeof value === 'number' && !Number.isFinite(value)) return tellable({ ...event, [count]: String(value) });
  }
  return event;
}
