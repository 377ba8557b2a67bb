/** One request to the API: Node's own fetch, the key, a time limit, and errors with types. */
import { setMaxListeners } from 'node:events';
import { BallastError, toApiError, Unreachable } from './errors.js';

export type Connection = {
  /** Without a slash at its end. */
  url: string;
  key: string;
  /** A request without an answer by then is given up. */
  timeoutMs: number;
};

export type Asked = {
  method: 'GET' | 'POST';
  path: string;
  /** JSON, written already. */
  body?: string;
  headers?: Record<string, string>;
  signal?: AbortSignal;
};

/** Ends whatever listens to it, which may be many requests at once: Node would take them for a leak. */
export function createStop(): AbortController {
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  return stop;
}

/** The parsed answer of a 2xx. Throws an `ApiError` for any other answer, `Unreachable` without a readable one. */
export async function ask(connection: Connection, asked: Asked): Promise<unknown> {
  const giveUp = new AbortController();
  const abort = (): void => giveUp.abort(asked.signal?.reason);
  const timer = setTimeout(
    () => giveUp.abort(new Error(`no answer in ${connection.timeoutMs} ms`)),
    connection.timeoutMs,
  );
  asked.signal?.addEventListener('abort', abort);
  if (asked.signal?.aborted) abort();
  try {
    const text = await orAborted(
      giveUp.signal,
      open(connection, asked, giveUp.signal).then((response) => response.text()),
    );
    return text === '' ? null : (JSON.parse(text) as unknown);
  } catch (error) {
    throw error instanceof BallastError
      ? error
      : new Unreachable(`${asked.method} ${asked.path}`, giveUp.signal.aborted ? giveUp.signal.reason : error);
  } finally {
    clearTimeout(timer);
    asked.signal?.removeEventListener('abort', abort);
  }
}

/** The answer with its body unread. Throws an `ApiError` when it is no 2xx; what fetch throws is passed on. */
export async function open(
  { url, key }: Connection,
  { method, path, body, headers }: Asked,
  signal: AbortSignal,
): Promise<Response> {
  const response = await fetch(url + path, {
    method,
    headers: {
      Authorization: `Bearer ${key}`,
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body }),
    redirect: 'error',
    signal,
  });
  if (response.ok) return response;
  throw toApiError({
    status: response.status,
    problem: problemOf(await response.text()),
    requestId: response.headers.get('x-request-id'),
    retryAfterMs: retryAfterMs(response.headers.get('retry-after'), Date.now()),
  });
}

/** Rejects as soon as the signal aborts. Node's fetch by itself misses that once its request was garbage-collected. */
export async function orAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  let abort = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
  });
  return Promise.race([work, aborted]).finally(() => signal.removeEventListener('abort', abort));
}

/** A proxy on the way may answer anything. */
function problemOf(text: string): Record<string, unknown> {
  try {
    const parsed = JSON.parse(text) as unknown;
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** Seconds or a date, as RFC 9110 has it; null for anything else. */
export function retryAfterMs(header: string | null, nowMs: number): number | null {
  if (header === null) return null;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1_000;
  const atMs = Date.parse(header);
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs);
}
