/** Checks reported usage events one by one, by hand: this is the hot path, and one bad event must not touch the others (B4). */
import { isBatchEventId } from './batchUsage';
import { COUNT_MAX, type RejectionCode, type UsageEvent } from './usageEvent';

export type Rejection = { code: RejectionCode; message: string };
/** Whether the event was rejected. */
export const isRejection = (checked: UsageEvent | Rejection): checked is Rejection =>
  (checked as Rejection).code !== undefined;

const FIELDS = new Set([
  'id',
  'accountId',
  'model',
  'inputTokens',
  'cachedInputTokens',
  'outputTokens',
  'images',
  'imageSize',
  'at',
  'holdId',
]);
const ID = /^[\x20-\x7e]{1,128}$/;
const ACCOUNT_ID = /^[A-Za-z0-9_-]{1,64}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

export const isAccountId = (text: string): boolean => ACCOUNT_ID.test(text);

/** @param nowMs taken when `at` is left out */
export function checkEvent(raw: unknown, nowMs: number): UsageEvent | Rejection {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return invalid('an event is an object');
  const { id, accountId, model, imageSize, at, holdId } = raw as Record<string, unknown>;
  if (typeof id !== 'string' || !ID.test(id)) return invalid('id must be 1 to 128 printable ASCII characters');
  if (isBatchEventId(id))
    return invalid('an id such as batch_1/1 is that of a request of a batch: send its result to the batch');
  if (typeof accountId !== 'string' || !isAccountId(accountId))
    return invalid('accountId must be 1 to 64 of A-Z a-z 0-9 _ -');
  if (typeof model !== 'string' || !ID.test(model)) return invalid('model must be 1 to 128 printable ASCII characters');
  for (const field in raw)
    if (!FIELDS.has(field)) return invalid(`there is no field ${JSON.stringify(field.slice(0, 40))}`);

  const { inputTokens, cachedInputTokens, outputTokens, images } = raw as Record<string, unknown>;
  const event: UsageEvent = {
    id,
    accountId,
    model,
    inputTokens: (inputTokens ?? 0) as number,
    cachedInputTokens: (cachedInputTokens ?? 0) as number,
    outputTokens: (outputTokens ?? 0) as number,
    images: (images ?? 0) as number,
    imageSize: (imageSize ?? null) as string | null,
    atMs: 0,
    holdId: (holdId ?? null) as string | null,
  };
  const wrong = wrongCount(event);
  if (wrong !== null) return invalid(wrong);
  if (!isAbsent(imageSize) && (typeof imageSize !== 'string' || !ID.test(imageSize)))
    return invalid('imageSize must be text such as 1024x1024');
  if (!isAbsent(holdId) && (typeof holdId !== 'string' || !ID.test(holdId)))
    return invalid('holdId must be the id of a hold');
  event.atMs = isAbsent(at) ? nowMs : typeof at === 'string' && TIME.test(at) ? Date.parse(at) : NaN;
  return Number.isNaN(event.atMs) ? invalid('at must be a time such as 2026-11-21T10:00:00Z') : event;
}

function wrongCount({ inputTokens, cachedInputTokens, outputTokens, images }: UsageEvent): string | null {
  if (!isCount(inputTokens)) return notACount('inputTokens');
  if (!isCount(cachedInputTokens)) return notACount('cachedInputTokens');
  if (!isCount(outputTokens)) return notACount('outputTokens');
  if (!isCount(images)) return notACount('images');
  return cachedInputTokens > inputTokens ? 'cachedInputTokens is a part of inputTokens, so it can not be more' : null;
}

const isCount = (value: number): boolean => Number.isInteger(value) && value >= 0 && value <= COUNT_MAX;
const notACount = (field: string): string => `${field} must be a whole number from 0 to ${COUNT_MAX}`;
const isAbsent = (value: unknown): boolean => value === undefined || value === null;
const invalid = (message: string): Rejection => ({ code: 'invalid_event', message });

/** The longest rejected event that is kept whole. */
const KEPT_LENGTH_MAX = 4_000;

/** The event as JSON that Postgres can keep: bounded, without NUL and without halves of characters. */
export function toKeepable(raw: unknown): string {
  let json: string;
  try {
    json = JSON.stringify(raw) ?? 'null';
  } catch {
    json = '"nested too deeply to be kept"';
  }
  if (json.length > KEPT_LENGTH_MAX) json = JSON.stringify({ cut: json.slice(0, KEPT_LENGTH_MAX) });
  return json.replace(/(?<!\\)((?:\\\\)*)\\u(?:0000|d[89a-f][0-9a-f]{2})/gi, '$1\\ufffd');
}

/** Whatever was sent as an id, as text that can be kept and shown. */
export const toShownId = (value: unknown, lengthMax: number): string =>
  typeof value === 'string' ? value.replace(/[^\x20-\x7e]/g, '?').slice(0, lengthMax) : '';
