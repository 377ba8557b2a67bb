/** Requests sent ahead on a connection: in order, one by one, and never at the cost of other connections. */
import { spawn, type ChildProcess } from 'node:child_process';
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
  await until(heard, (text) => text.includes(expected.at(-1)!));
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
  await until(heard, (text) => text.match(/<>/g)?.length === 100);
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

/** A process that keeps ten connections full of requests sent ahead, and reads all answers. Prints a line when it has some. */
const FLOOD = `
  const { connect } = require('node:net');
  const [port, ...requests] = JSON.parse(process.argv[1]);
  for (let n = 0; n < 10; n++) {
    const some = requests[n % requests.length].repeat(2_000);
    const socket = connect({ port, host: '127.0.0.1' });
    const write = () => { while (socket.write(some)); };
    socket.on('drain', write).on('error', () => process.exit()).once('data', () => console.log('answers')).resume();
    write();
  }`;

async function flood(port: number, requests: readonly string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['-e', FLOOD, JSON.stringify([port, ...requests])], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}

test.each([
  ['requests without a body', get('/flood')],
  // node:http lets an answer go out between two such requests of one piece.
  ['requests with a body', post('/flood', '{}')],
])('9.19 a flood on ten connections has one request of each handled in a turn: %s', async (_name, sent) => {
  let flooded = 0;
  const port = await serve((request, response) => {
    if (request.url === '/flood') flooded++;
    response.end('<>');
  });
  const child = await flood(port, [sent]);
  const socket = await open(port);
  const heard = hear(socket);
  const before = flooded;
  for (let check = 1; check <= 20; check++) {
    socket.write(get('/check'));
    await until(heard, (text) => text.match(/<>/g)?.length === check);
  }
  child.kill('SIGKILL');
  // Without turns, all that has come in one piece is handled together: some 2,000 on each of the connections.
  expect((flooded - before) / 20).toBeLessThan(2_000);
});

test('9.19 health checks and gates are answered beside a flood without a key', async () => {
  const api = await startTestApi();
  const { id } = await openAccount(api, '5.00');
  const requests = [get('/nowhere'), get('/healthz'), get(`/v1/accounts/${id}/gate`), post('/v1/usage', '{}')];
  const child = await flood(Number(new URL(api.url).port), requests);
  try {
    const startedMs = performance.now();
    for (let check = 0; check < 10; check++) {
      expect((await api.ask('GET', '/healthz')).status).toBe(200);
      expect((await api.ask('GET', `/v1/accounts/${id}/gate`, { key: api.service })).body.allowed).toBe(true);
    }
    // It was 6 to 16 seconds for one of them.
    expect((performance.now() - startedMs) / 20).toBeLessThan(3_000);
  } finally {
    child.kill('SIGKILL');
    await api.close();
  }
});
