/**
 * Answers gates straight on the connection, which costs much less than node:http: as long as a caller sends nothing but
 * plain requests that memory can answer. The first request that is anything else goes to node:http, with all bytes that
 * are not answered yet, and the connection stays there: node:http's limits and timeouts hold for it.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { HotAnswer, HotPath } from '../gate/hotPath';
import { toRequestId } from '../http/requestId';
import { createPlainReader, type PlainRequest } from './plainRequest';

export type PlainConnections = {
  /** Ends the connections on which nothing waits for an answer, as `server.closeIdleConnections` does with those of node:http. */
  closeIdle(): void;
  closeAll(): void;
};

type Connection = { closeIfIdle(): void };

/** What the connections of a server have in common. */
type Shared = {
  hotPath: HotPath;
  /** The whole answer, head and body, as node:http would write it. */
  toText(answer: HotAnswer, request: PlainRequest): string;
  keepAliveMs: number;
  /** Gives a connection back to node:http. */
  toHttp(socket: Socket): void;
  /** The connection has ended, or node:http has it now. */
  forget(socket: Socket): void;
};

/** Takes over the server's new connections. */
export function answerPlainRequests(server: Server, hotPath: HotPath): PlainConnections {
  // node:http's own listener, its only one. By its documentation 'connection' may be emitted with any socket at any time:
  // so a connection can be given back to it.
  const [listener, ...others] = server.listeners('connection');
  if (!listener || others.length > 0) throw new Error('Somebody else listens to the connections of this server.');
  server.off('connection', listener as () => void);
  const connections = new Map<Socket, Connection>();
  const shared: Shared = {
    hotPath,
    toText: createToText(server.keepAliveTimeout),
    keepAliveMs: server.keepAliveTimeout,
    toHttp: (socket) => void listener.call(server, socket),
    forget: (socket) => void connections.delete(socket),
  };
  server.on('connection', (socket: Socket) => connections.set(socket, createPlainConnection(socket, shared)));
  return {
    closeIdle: () => connections.forEach((connection) => connection.closeIfIdle()),
    closeAll: () => connections.forEach((_connection, socket) => socket.destroy()),
  };
}

function createPlainConnection(socket: Socket, { hotPath, toText, keepAliveMs, toHttp, forget }: Shared): Connection {
  const read = createPlainReader();
  /** A key is being looked up: what has come since waits. */
  let busy = false;
  let gone = false;

  function onData(chunk: Buffer): void {
    if (!socket.writableEnded) take(chunk, hotPath.learnKey);
  }

  /** All answers to a chunk go out in one write. */
  function take(chunk: Buffer, learnKey: HotPath['learnKey'] | null): void {
    const text = chunk.toString('latin1');
    let answers = '';
    let at = 0;
    let request: PlainRequest | null = null;
    while (at < text.length) {
      request = read(text, at);
      const answer = request && hotPath.answer(request.method, request.target, request.headers);
      if (!answer) break;
      answers += toText(answer, request!);
      at = request!.end;
    }
    if (answers !== '' && !socket.write(answers, 'latin1')) waitForReader();
    if (at === text.length) return;
    const rest = chunk.subarray(at);
    const learning = request && learnKey?.(request.headers);
    if (!learning) return handOver(rest);
    busy = true;
    socket.pause();
    void learning.then(() => {
      busy = false;
      if (socket.destroyed) return;
      take(rest, null);
      goOn();
    });
  }

  /** A caller that does not read its answers is not read from either. */
  function waitForReader(): void {
    socket.pause();
    socket.once('drain', goOn);
  }

  function goOn(): void {
    if (!busy && !gone && !socket.writableNeedDrain) socket.resume();
  }

  function handOver(rest: Buffer): void {
    leave();
    socket
      .off('data', onData)
      .off('end', onEnd)
      .off('timeout', onTimeout)
      .off('error', onError)
      .off('close', leave)
      .off('drain', goOn);
    socket.setTimeout(0);
    socket.pause();
    socket.unshift(rest);
    toHttp(socket);
    socket.resume();
  }

  function leave(): void {
    gone = true;
    forget(socket);
  }

  const onEnd = (): void => void socket.end();
  const onTimeout = (): void => void socket.destroy();
  const onError = (): void => {}; // the caller has gone; 'close' follows
  socket.on('data', onData).on('end', onEnd).on('timeout', onTimeout).on('error', onError).on('close', leave);
  socket.setTimeout(keepAliveMs);
  return {
    closeIfIdle() {
      if (!busy && !socket.writableEnded) socket.destroySoon();
    },
  };
}

const STATUS_LINES = { 200: 'HTTP/1.1 200 OK\r\n', 403: 'HTTP/1.1 403 Forbidden\r\n' };

function createToText(keepAliveMs: number): Shared['toText'] {
  const lastLines = createLastLines(keepAliveMs);
  return ({ status, headers, body }, { headers: { requestId } }) =>
    `${STATUS_LINES[status]}${headers.text}X-Request-Id: ${toRequestId(requestId)}\r\nContent-Length: ${body.length}\r\n${lastLines()}${body}`;
}

/** The lines that end a head: the date, and what node:http says of how long a connection is kept. */
function createLastLines(keepAliveMs: number): () => string {
  let second = -1;
  let lines = '';
  return () => {
    const nowMs = Date.now();
    const nowSecond = Math.floor(nowMs / 1_000);
    if (nowSecond === second) return lines;
    second = nowSecond;
    return (lines = `Date: ${new Date(nowMs).toUTCString()}\r\nConnection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(keepAliveMs / 1_000)}\r\n\r\n`);
  };
}
