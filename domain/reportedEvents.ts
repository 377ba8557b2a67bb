/** Usage as it came by signal, until it is posted: so small that a thousand events fit into one message of Temporal's. */
import { toShownId } from './checkEvent';

/** The workflow posts so many at a time. */
export const POSTED_EVENTS_MAX = 1_000;
/** In bytes of UTF-8, as JSON. No event that can be taken is larger, and `POSTED_EVENTS_MAX` of them stay below the 2 MB beyond which Temporal ends a workflow. */
const EVENT_BYTES_MAX = 1_500;
/** A larger event is cut to so many characters, for the admins. A character takes three bytes at most. */
const SHOWN_LENGTH_MAX = 300;

/** The event; of one that is too large to be one, its id, model and beginning, in a field that has it rejected (B4). */
export function toReported(raw: unknown): unknown {
  const json = toJson(raw);
  if (json !== null && bytesOf(json) <= EVENT_BYTES_MAX) return raw;
  const { id, model } = (raw ?? {}) as Record<string, unknown>;
  return {
    id: toShownId(id, 128),
    model: toShownId(model, 128) || 'none',
    tooLong: json === null ? 'nested too deeply to be kept' : json.slice(0, SHOWN_LENGTH_MAX),
  };
}

/** Null for what is nested too deeply to be written. */
function toJson(raw: unknown): string | null {
  try {
    return JSON.stringify(raw) ?? 'null';
  } catch {
    return null;
  }
}

/** At most; the encoders of Node are not there in a workflow. */
function bytesOf(json: string): number {
  let bytes = json.length;
  if (bytes > EVENT_BYTES_MAX) return bytes;
  for (let at = 0; at < json.length; at++) if (json.charCodeAt(at) > 0x7f) bytes += 2;
  return bytes;
}
