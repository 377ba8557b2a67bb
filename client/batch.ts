/** Events as they wait and travel: written once, so that what is sent again is the same, and memory can be counted. */
import type { HeldUsage, UsageEvent } from './wire.js';

export type Batch = {
  /** As JSON. */
  events: string[];
  bytes: number;
  /** Resolves when the fate of every event is known. */
  done: Promise<void>;
  settled(): void;
};

/** What an event takes of the heap beside its characters, measured: so that the limit is one of memory. */
const EVENT_OVERHEAD_BYTES = 150;
const COUNTS = ['inputTokens', 'cachedInputTokens', 'outputTokens', 'images'] as const;

export const bytesOf = (json: string): number => json.length + EVENT_OVERHEAD_BYTES;

export function newBatch(events: string[] = []): Batch {
  const bytes = events.reduce((sum, json) => sum + bytesOf(json), 0);
  let settled = (): void => undefined;
  const done = new Promise<void>((resolve) => (settled = resolve));
  return { events, bytes, done, settled };
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
