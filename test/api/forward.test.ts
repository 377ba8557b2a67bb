/** L5: files and batches are handed on to a process of their own, byte for byte; everything else is answered here. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, request, type ClientRequest, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { connect, createServer as createConnectionServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { BODY_MS_MAX } from '../../api/http/body';
import { openAccount, startTestApi, type TestAccount, type TestApi } from '../support/api';
import { putBatchModels, requestLine } from '../support/batchFiles';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { until } from '../support/notices';

const filesDir = mkdtempSync(join(tmpdir(), 'ballast-forward-'));
let database: TestDatabase;
let batches: TestApi;
let front: TestApi;
let own: TestAccount;
beforeAll(async () => {
  database = await createTestDatabase();
  batches = await startTestApi({ database, filesDir, trustedProxies: ['loopback'] });
  front = await startTestApi({ database, batchesUrl: batches.url });
  await putBatchModels(front);
  own = await openAccount(front);
});
afterAll(async () => {
  await front.close();
  await batches.close();
  await database.drop();
  rmSync(filesDir, { recursive: true, force: true });
});

async function upload(content: string): Promise<Response> {
  const form = new FormData();
  form.set('purpose', 'batch');
  form.set('file', new Blob([content]), 'requests.jsonl');
  return fetch(`${front.url}/v1/files`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${own.owner}` },
    body: form,
  });
}

test('L5 an upload and its content pass through unchanged', async () => {
  const content = `${requestLine('a')}\n${requestLine('b')}\n`;
  const { id } = (await (await upload(content)).json()) as { id: string };
  const read = await front.ask('GET', `/v1/files/${id}/content`, { key: own.owner });
  expect([read.status, read.body]).toEqual([200, content]);
  expect((await batches.ask('GET', `/v1/files/${id}`, { key: own.owner })).status).toBe(200);
});

test('L5 a refusal is heard, also of an upload that is refused half read, and the connection goes on', async () => {
  for (let i = 0; i < 3; i++) {
    const refused = await upload('\n'.repeat(2_000_000));
    expect([refused.status, ((await refused.json()) as any).error.code]).toEqual([400, 'too_many_tasks']);
    expect((await front.ask('GET', '/v1/files', { key: own.owner })).status).toBe(200);
  }
  expect((await front.ask('GET', '/v1/files', { key: 'bk_of_nobody' })).status).toBe(401);
  expect((await front.ask('PATCH', '/v1/batches', { key: own.owner })).status).toBe(405);
});

test('L5 while their process is away, files and batches are 503 and everything else works', async () => {
  const alone = await startTestApi({ database, batchesUrl: 'http://127.0.0.1:9' });
  try {
    const answer = await alone.ask('GET', '/v1/batches', { key: own.owner });
    expect([answer.status, answer.body.error.code]).toEqual([503, 'batches_unavailable']);
    expect(answer.headers.get('retry-after')).toBe('2');
    const datasets = await alone.ask('GET', `/v1/accounts/${own.id}/evaluation-datasets`, { key: own.owner });
    expect([datasets.status, datasets.body.code]).toEqual([503, 'batches_unavailable']);
    expect((await alone.ask('GET', `/v1/accounts/${own.id}/gate`, { key: own.owner })).status).toBe(200);
  } finally {
    await alone.close();
  }
});

type Silent = { url: string; incoming(): Promise<IncomingMessage>; logged: string[] };

/** An API whose other process takes requests and answers none. */
async function withSilentProcess(work: (silent: Silent) => Promise<void>): Promise<void> {
  const logged: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void logged.push(line) });
  const asked: IncomingMessage[] = [];
  const other = createServer((incoming) => void asked.push(incoming.on('error', () => undefined)));
  await once(other.listen(0, '127.0.0.1'), 'listening');
  const { port } = other.address() as AddressInfo;
  const { url, close } = await startTestApi({ database, batchesUrl: `http://127.0.0.1:${port}`, log });
  try {
    await work({ url, incoming: async () => (await until(() => asked.pop(), Boolean))!, logged });
  } finally {
    await close();
    other.close();
  }
}

/** An upload of which half has been sent. */
function halfAnUpload(url: string, path: string): ClientRequest {
  const sent = request(new URL(path, url), { method: 'POST', headers: { 'Content-Length': 1_000 } });
  sent.on('error', () => undefined).write('half of it');
  return sent;
}

test('9.25 an upload that its sender breaks off is no outage of the other process: nothing is logged', async () => {
  await withSilentProcess(async ({ url, incoming, logged }) => {
    for (const path of ['/v1/files', `/v1/accounts/${own.id}/evaluation-datasets`]) {
      const sent = halfAnUpload(url, path);
      const asked = await incoming();
      sent.destroy();
      await new Promise((resolve) => (asked.closed ? resolve(null) : asked.once('close', resolve)));
    }
    expect(logged).toEqual([]);
  });
});

test('9.25 an upload that stops coming ends with its connection when the other process ends it: that is no outage of it', async () => {
  const now = jest.spyOn(performance, 'now');
  try {
    await withSilentProcess(async ({ url, incoming, logged }) => {
      const sent = halfAnUpload(url, '/v1/files');
      const ended = new Promise<string>((resolve) => {
        sent.on('response', ({ statusCode }) => resolve(`answered with ${statusCode}`));
        sent.on('error', () => resolve('the connection was ended'));
      });
      const asked = await incoming();
      await once(asked, 'data');
      const atMs = performance.now();
      now.mockImplementation(() => atMs + BODY_MS_MAX + 1_000);
      asked.destroy();
      expect(await ended).toBe('the connection was ended');
      expect(logged).toEqual([]);
      now.mockRestore();
    });
  } finally {
    now.mockRestore();
  }
});

/** Another process that answers the first request of each connection, and closes the connection at the second one unanswered. */
async function withClosingProcess(work: (url: string, asked: string[]) => Promise<void>): Promise<void> {
  const asked: string[] = [];
  const other = createConnectionServer((socket) => {
    let answered = false;
    socket
      .on('error', () => undefined)
      .on('data', (chunk) => {
        asked.push(chunk.toString().split(' ', 1)[0]!);
        if (answered) return void socket.resetAndDestroy();
        answered = true;
        socket.write('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}');
      });
  });
  await once(other.listen(0, '127.0.0.1'), 'listening');
  const { port } = other.address() as AddressInfo;
  const { url, close } = await startTestApi({ database, batchesUrl: `http://127.0.0.1:${port}` });
  try {
    await work(url, asked);
  } finally {
    await close();
    other.close();
  }
}

test('L5 a kept connection that the other process closes just as it is used again is no outage: what only reads is sent once more', async () => {
  await withClosingProcess(async (url, asked) => {
    for (let nth = 0; nth < 3; nth++) expect((await fetch(`${url}/v1/batches`)).status).toBe(200);
    expect(asked).toEqual(['GET', 'GET', 'GET', 'GET']);
  });
});

test('L5 what changes something goes on a connection of its own, and is sent once', async () => {
  await withClosingProcess(async (url, asked) => {
    await fetch(`${url}/v1/batches`);
    for (const method of ['POST', 'DELETE'])
      expect((await fetch(`${url}/v1/batches/b/cancel`, { method })).status).toBe(200);
    expect(asked).toEqual(['GET', 'POST', 'DELETE']);
  });
});

/** Sent as it is: clients of HTTP would not send such targets. */
async function askRaw(target: string): Promise<string> {
  const { hostname, port } = new URL(front.url);
  const socket = connect(Number(port), hostname);
  const head = `Host: a\r\nAuthorization: Bearer ${own.owner}\r\nX-Request-Id: raw-1\r\nConnection: close\r\n\r\n`;
  socket.write(`GET ${target} HTTP/1.1\r\n${head}`);
  let answer = '';
  for await (const chunk of socket) answer += String(chunk);
  return answer;
}

test.each([
  ['with a fragment', '/v1/files#'],
  ['with a fragment in absolute form', 'http://x/v1/files#'],
  ['of another scheme', 'ftp://x/v1/files'],
  ['with a fragment behind another path', '/v1/filesystem#/../files'],
  ['of the whole server', '*'],
])('L5 a request target %s is refused before anything is looked for, and not served here', async (_what, target) => {
  const [head, body] = (await askRaw(target)).split('\r\n\r\n') as [string, string];
  expect(head).toMatch(/^HTTP\/1\.1 400 /);
  expect(head.toLowerCase()).toContain('x-request-id: raw-1');
  expect(JSON.parse(body)).toMatchObject({ code: 'invalid_request', status: 400 });
});

test.each(['', 'http://x', 'HTTP://x:80'])(
  'L5 the content of a file, asked for as %s/…, is handed on',
  async (host) => {
    const { id } = (await (await upload(requestLine('one'))).json()) as { id: string };
    // Where the file is, is no other process.
    expect(await askRaw(`${host}/v1/files/${id}/content`)).toMatch(/^HTTP\/1\.1 200 [^]*"custom_id":"one"/);
  },
);

test('L5 a target in absolute form is answered as its path is', async () => {
  expect(await askRaw('http://x/healthz')).toMatch(/^HTTP\/1\.1 200 /);
  expect(await askRaw('http://x?y')).not.toMatch(/^HTTP\/1\.1 400 /);
});

test('L5 a path that only looks like one of theirs stays here', async () => {
  expect((await front.ask('GET', '/v1/filesystem', { key: own.owner })).body.code).toBe('not_found');
});
