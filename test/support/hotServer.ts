/** A server of gates alone, as the API's: what memory can't answer is told back as node:http has read it. */
import { createServer, type Server, type ServerOptions } from 'node:http';
import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerHot, type HotPath } from '../../api/gate/hotPath';
import { answerPlainRequests, type PlainConnections } from '../../api/raw/plainConnection';

export type HotServer = {
  server: Server;
  port: number;
  /** Undefined without the fast path. */
  plain: PlainConnections | undefined;
  /** How many requests node:http has read. */
  readByHttp(): number;
  close(): Promise<void>;
};

export async function startHotServer(
  hotPath: HotPath,
  { isFast, keepAliveMs = 65_000, ...options }: ServerOptions & { isFast: boolean; keepAliveMs?: number },
): Promise<HotServer> {
  let readByHttp = 0;
  const server = createServer(options, (request, response) => {
    readByHttp++;
    if (answerHot(hotPath, request, response)) return;
    const chunks: Buffer[] = [];
    request
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('end', () => {
        const { method, url, httpVersion, rawHeaders } = request;
        const body = JSON.stringify({
          method,
          url,
          httpVersion,
          rawHeaders,
          body: Buffer.concat(chunks).toString('latin1'),
        });
        response.writeHead(299, { 'Content-Length': Buffer.byteLength(body) }).end(body);
      });
  });
  server.keepAliveTimeout = keepAliveMs;
  const plain = isFast ? answerPlainRequests(server, hotPath) : undefined;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    server,
    plain,
    port: (server.address() as AddressInfo).port,
    readByHttp: () => readByHttp,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      plain?.closeAll();
      await closed;
    },
  };
}

export async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  return socket;
}

/** Turns of the event loop, of 2 ms or more, after which nothing more is expected. Caller and server take the same turns: what the server waits for must take much fewer. */
const QUIET_TURNS = 30;

/** Sends the pieces, each by itself, and gives back all that is answered until the server closes or nothing more comes. */
export async function talk(port: number, pieces: readonly string[], apartMs = 4): Promise<string> {
  const socket = await open(port);
  let heard = '';
  let quietTurns = 0;
  let closed = false;
  socket
    .on('data', (chunk: Buffer) => {
      heard += chunk.toString('latin1');
      quietTurns = 0;
    })
    .on('error', () => {})
    .on('close', () => (closed = true));
  for (const [index, piece] of pieces.entries()) {
    if (index > 0) await sleep(apartMs);
    if (!closed) socket.write(piece, 'latin1');
  }
  for (; !closed && quietTurns < QUIET_TURNS; quietTurns++) await sleep(2);
  socket.destroy();
  return heard;
}
