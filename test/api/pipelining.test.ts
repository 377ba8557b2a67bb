/** Requests sent ahead on a connection: in order, one by one, and never at the cost of other connections. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { inTurn } from '../../api/http/inTurn';
import { openAccount, startTestApi } from '../support/api';
import { until } from '../support/notices';

const opened: Socket[] = [];
let server: Server | undefined;
afterEach(() => {
  opened.splice(0).forEach((socket) => socket.destroy());
  server?.close();
  server = undefined;
});

async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  opened.push(socket);
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

async function serve(listener: (request: IncomingMessage, response: ServerResponse) => void): Promise<number> {
  server = createServer(inTurn(listener)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
const post = (path: string, body: string) =>
  `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

/** Answers with the path and the body, some at once, some later. */
function echo(request: IncomingMessage, response: ServerResponse): void {
  let body = '';
  request
    .on('data', (chunk: Buffer) => (body += chunk.toString()))
    .on('end', () => {
      const end = () => response.end(`<${request.url}:${body.length}>`);
      if (request.url!.endsWith('7')) setTimeout(end, 2);
      else end();
    });
}

/** All that was heard on a connection. */
function hear(socket: Socket): () => string {
  let heard = '';
  socket.on('data', (chunk: Buffer) => (heard += chunk.toString('latin1')));
  return () => heard;
}

test('requests sent ahead are answered in order, each once, with their bodies, far beyond what may wait', async () => {
  const socket = await open(await serve(echo));
  const heard = hear(socket);
  const sizeOf = (n: number) => (n % 5 === 0 ? n % 100 : n === 1_001 ? 300_000 : 0);
  const requests = Array.from({ length: 2_000 }, (_, n) =>
    sizeOf(n) > 0 ? post(`/${n}`, 'x'.repeat(sizeOf(n))) : get(`/${n}`),
  );
  socket.write(requests.join(''));
  const expected = Array.from({ length: 2_000 }, (_, n) => `</${n}:${sizeOf(n)}>`);
  await until(heard, (text) => text.includes(expected.at(-1)!), 20_000);
  expect(heard().match(/<[^>]*>/g)).toEqual(expected);
});

test('one request of a connection is handled at a time', async () => {
  let running = 0;
  let most = 0;
  const port = await serve((_request, response) => {
    most = Math.max(most, ++running);
    setTimeout(() => (running--, response.end('<>')), 1);
  });
  const socket = await open(port);
  const heard = hear(socket);
  socket.write(get('/').repeat(100));
  await until(heard, (text) => text.match(/<>/g)?.length === 100, 20_000);
  expect(most).toBe(1);
});

test('a caller that sends on and is not answered, or does not read its answers, is not read any more', async () => {
  for (const answers of [false, true]) {
    const port = await serve((_request, response) => void (answers && response.end('x'.repeat(10_000))));
    const accepted = once(server!, 'connection');
    const caller = await open(port);
    const [socket] = (await accepted) as [Socket];
    caller.pause();
    const some = get('/').repeat(5_000);
    while (caller.write(some)) await sleep(0);
    for (let turns = 0; turns < 50; turns++) {
      caller.write(some);
      await sleep(2);
    }
    // One piece of what came, 64 KiB, and a few more while its answers still found room.
    expect(socket.bytesRead).toBeLessThan(2_000_000);
    expect(caller.writableLength).toBeGreaterThan(some.length);
    caller.destroy();
    server!.close();
  }
});

/** Keeps a connection full of requests sent ahead, reads all answers and counts them. */
async function flood(port: number, request: string, onAnswers: (count: number) => void): Promise<void> {
  const socket = await open(port);
  const some = request.repeat(2_000);
  const write = (): void => void (!socket.destroyed && socket.write(some));
  socket.on('data', (chunk: Buffer) => onAnswers(chunk.toString('latin1').split('HTTP/1.1 ').length - 1));
  socket.on('drain', write);
  write();
}

test('9.19 a flood of requests sent ahead on ten connections leaves every other connection its turn', async () => {
  const api = await startTestApi();
  try {
    const { id } = await openAccount(api, '5.00');
    const port = Number(new URL(api.url).port);
    let flooded = 0;
    const requests = [get('/nowhere'), get('/healthz'), get(`/v1/accounts/${id}/gate`), post('/v1/usage', '{}')];
    for (let n = 0; n < 10; n++) await flood(port, requests[n % requests.length]!, (count) => (flooded += count));
    await until(
      () => flooded,
      (count) => count > 500,
      20_000,
    );
    const before = flooded;
    const CHECKS = 20;
    for (let check = 0; check < CHECKS; check++) {
      expect((await api.ask('GET', '/healthz')).status).toBe(200);
      expect((await api.ask('GET', `/v1/accounts/${id}/gate`, { key: api.service })).body.allowed).toBe(true);
    }
    // Each turn of the event loop answers one of each connection's. Without turns, each would answer ten times 2,000.
    expect((flooded - before) / (2 * CHECKS)).toBeLessThan(500);
  } finally {
    opened.splice(0).forEach((socket) => socket.destroy());
    await api.close();
  }
}, 60_000);
