/** A load generator: kept-alive connections, one request at a time on each, at full speed or at a fixed rate. */
import { connect, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { quantile } from './results';

export type Target = {
  port: number;
  path: string;
  headers?: Record<string, string>;
  /** Sent by POST, a new one with each request, all of the same length in ASCII. @default a GET without a body */
  nextBody?: () => string;
};

export type LoadOptions = {
  connections: number;
  seconds: number;
  /** Requests per second, sent whether or not earlier ones are answered. @default as many as the connections bear */
  rate?: number;
  /** Answers before this are not counted. @default 0.5 */
  warmUpSeconds?: number;
};

/** Latencies in milliseconds: at a fixed rate from when a request was due, so that a stall counts for all it delays. */
export type LoadResult = {
  requests: number;
  perSecond: number;
  p50: number;
  p99: number;
  max: number;
  /** All of them, ascending. */
  latencies: readonly number[];
};

/** How often due requests are looked for at a fixed rate. */
const TICK_MS = 1;

/** Throws on any answer that is not the expected status, and on a broken connection. */
export async function load(
  target: Target,
  { connections, seconds, rate, warmUpSeconds = 0.5 }: LoadOptions,
  status = 200,
): Promise<LoadResult> {
  const nextRequest = createRequests(target);
  const latencies: number[] = [];
  const startMs = performance.now();
  const countFromMs = startMs + warmUpSeconds * 1_000;
  const endMs = countFromMs + seconds * 1_000;
  /** Connections that wait for something to do, and requests that wait for a connection, by when they were due. */
  const idle: Connection[] = [];
  const due: number[] = [];
  let sent = 0;
  const done = withResolvers();

  const onAnswer = (connection: Connection, dueMs: number, nowMs: number): void => {
    if (nowMs >= countFromMs && nowMs < endMs) latencies.push(nowMs - dueMs);
    if (nowMs >= endMs) return done.resolve();
    if (rate === undefined) return connection.send(nowMs);
    const next = due.shift();
    if (next === undefined) idle.push(connection);
    else connection.send(next);
  };
  const opened = await Promise.all(
    Array.from({ length: connections }, () => open(target.port, nextRequest, status, onAnswer, done.reject)),
  );
  idle.push(...opened);

  const sendDue = (): void => {
    const nowMs = performance.now();
    if (nowMs >= endMs) return done.resolve();
    for (; startMs + (sent / rate!) * 1_000 <= nowMs; sent++) {
      const dueMs = startMs + (sent / rate!) * 1_000;
      const connection = idle.pop();
      if (connection) connection.send(dueMs);
      else due.push(dueMs);
    }
  };
  const timer = rate === undefined ? null : setInterval(sendDue, TICK_MS);
  if (rate === undefined) idle.splice(0).forEach((connection) => connection.send(performance.now()));
  try {
    await done.promise;
  } finally {
    if (timer) clearInterval(timer);
    opened.forEach((connection) => connection.close());
  }
  const sorted = latencies.sort((a, b) => a - b);
  return {
    requests: sorted.length,
    perSecond: sorted.length / seconds,
    p50: quantile(sorted, 0.5),
    p99: quantile(sorted, 0.99),
    max: sorted.at(-1) ?? NaN,
    latencies: sorted,
  };
}

type Connection = { send(dueMs: number): void; close(): void };

async function open(
  port: number,
  nextRequest: () => Buffer | string,
  status: number,
  onAnswer: (connection: Connection, dueMs: number, nowMs: number) => void,
  onError: (error: Error) => void,
): Promise<Connection> {
  const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  let dueMs = 0;
  let closed = false;
  let unread: Buffer | null = null;
  const connection: Connection = {
    send(atMs) {
      dueMs = atMs;
      socket.write(nextRequest(), 'latin1');
    },
    close() {
      closed = true;
      socket.destroy();
    },
  };
  const expected = `HTTP/1.1 ${status} `;
  socket.on('data', (chunk: Buffer) => {
    const answer = unread ? Buffer.concat([unread, chunk]) : chunk;
    const length = lengthOf(answer);
    if (length === null || answer.length < length) return void (unread = answer);
    unread = null;
    if (answer.toString('latin1', 0, expected.length) !== expected)
      return onError(new Error(`Expected ${status}, got: ${answer.toString('latin1', 0, 400)}`));
    onAnswer(connection, dueMs, performance.now());
  });
  socket.on('error', (error) => closed || onError(error));
  socket.on('close', () => closed || onError(new Error('The server closed a connection.')));
  return connection;
}

const CONTENT_LENGTH = 'content-length: ';

/** Of a whole answer, head and body; null while the head is not complete. */
function lengthOf(answer: Buffer): number | null {
  const head = answer.indexOf('\r\n\r\n');
  if (head < 0) return null;
  const text = answer.toString('latin1', 0, head).toLowerCase();
  const at = text.indexOf(CONTENT_LENGTH);
  return head + 4 + (at < 0 ? 0 : Number.parseInt(text.slice(at + CONTENT_LENGTH.length), 10));
}

function createRequests({ port, path, headers = {}, nextBody }: Target): () => Buffer | string {
  const lengthLines = nextBody ? { 'Content-Type': 'application/json', 'Content-Length': `${nextBody().length}` } : {};
  const head = [
    `${nextBody ? 'POST' : 'GET'} ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    ...Object.entries({ ...headers, ...lengthLines }).map(([name, value]) => `${name}: ${value}`),
    '',
    '',
  ].join('\r\n');
  const request = Buffer.from(head);
  return nextBody ? () => head + nextBody() : () => request;
}

/** Node 20 has no Promise.withResolvers yet. */
function withResolvers(): { promise: Promise<void>; resolve: () => void; reject: (error: Error) => void } {
  let resolve!: () => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<void>((onResolve, onReject) => ((resolve = onResolve), (reject = onReject)));
  return { promise, resolve, reject };
}
