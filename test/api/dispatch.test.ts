/** What a route declares: the format of its errors, and a body that is taken while it comes. */
import { createHash, randomBytes } from 'node:crypto';
import { Agent, createServer, request, type ClientRequest, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Router } from 'express';
import pino from 'pino';
import { z } from 'zod';
import { FAIL_CLOSED } from '../../api/gate/gateCache';
import { createKeyring, type Keyring } from '../../api/http/auth';
import { createCallerAddress, keepAddresses } from '../../api/http/callerAddress';
import { createDispatch } from '../../api/http/dispatch';
import { endpointsWith, type StreamedBody } from '../../api/http/endpoint';
import { createExpress } from '../../api/http/express';
import { createSessionCookies } from '../../api/http/sessionCookie';
import { createRateLimiter } from '../../api/http/rateLimiter';
import { get, post, section } from '../../api/http/route';
import { Problem } from '../../domain/errors';
import { openAccount, startTestApi, type TestAccount, type TestApi } from '../support/api';

const BYTES_MAX = 8 * 1024 * 1024;
type Services = { seen(bytes: number): void };
const endpoint = endpointsWith<Services>();
const upload = endpoint({
  uses: ['seen'],
  body: { schema: z.any(), streamed: ['application/jsonl'], bytesMax: BYTES_MAX },
  replies: { 200: z.strictObject({ sha256: z.string() }) },
  refusals: ['limit_reached'],
  async handle({ body }, { seen }) {
    const hash = createHash('sha256');
    for await (const chunk of (body as StreamedBody).chunks) {
      seen(chunk.length);
      if (chunk.includes('stop here'))
        throw new Problem('limit_reached', 'Enough.', {
          errors: [{ path: 'file', message: 'is enough' }],
          members: { needed: 3 },
        });
      hash.update(chunk);
    }
    return { status: 200, body: { sha256: hash.digest('hex') } };
  },
});
const hello = endpoint({ replies: { 200: null }, handle: () => ({ status: 200 }) });
const routes = [
  ...section('Batches', [post('/v1/files', ['service'], upload, 'Upload')], 'openai'),
  ...section('Accounts', [get('/v1/accounts/:id/hello', ['owner'], hello, 'Say hello')]),
];

let api: TestApi;
let account: TestAccount;
let keyring: Keyring;
let server: Server;
let agent: Agent;
let addressesAskedFor = 0;
let onSeen: (bytes: number) => void = () => {};
beforeAll(async () => {
  api = await startTestApi();
  account = await openAccount(api);
  keyring = createKeyring(api.database.pool, Date.now, FAIL_CLOSED);
  const services = { seen: (bytes: number) => onSeen(bytes) };
  const dispatch = createDispatch<Services>({
    services,
    servicesOf: () => services,
    keyring,
    cookies: createSessionCookies('http://127.0.0.1'),
    limiter: createRateLimiter(api.database.pool),
    addressOf: () => {
      addressesAskedFor += 1;
      return '127.0.0.1';
    },
    log: pino({ level: 'silent' }),
    checkReplies: true,
  });
  server = createServer(createExpress(routes, dispatch, [Router()])).listen(0, '127.0.0.1');
  await once(server, 'listening');
  agent = new Agent({ keepAlive: true, maxSockets: 1 });
});
afterAll(async () => {
  agent.destroy();
  server.close();
  await keyring.close();
  await api.close();
});

type Sent = { method?: string; path?: string; key?: string; headers?: Record<string, string> };
function begin({ method = 'POST', path = '/v1/files', key = api.service, headers = {} }: Sent): ClientRequest {
  const { port } = server.address() as AddressInfo;
  const authorization = { Authorization: `Bearer ${key}` };
  return request({ port, host: '127.0.0.1', agent, method, path, headers: { ...authorization, ...headers } });
}
async function answerOf(asked: ClientRequest): Promise<{ status: number; type: string; body: any }> {
  const [response] = await once(asked, 'response');
  const chunks: Buffer[] = await response.toArray();
  const text = Buffer.concat(chunks).toString();
  return {
    status: response.statusCode,
    type: response.headers['content-type'],
    body: text === '' ? undefined : JSON.parse(text),
  };
}
const JSONL = { 'Content-Type': 'application/jsonl' };
const ask = (sent: Sent, body?: Buffer | string) =>
  answerOf(begin({ ...sent, headers: { ...JSONL, ...sent.headers } }).end(body));

test('a streamed body is read while it comes', async () => {
  const [first, second] = [randomBytes(1_000), randomBytes(3_000_000)];
  const asked = begin({ headers: JSONL });
  const seen = new Promise<number>((resolve) => (onSeen = resolve));
  asked.write(first);
  expect(await seen).toBe(1_000);
  asked.end(second);
  const sha256 = createHash('sha256').update(first).update(second).digest('hex');
  expect(await answerOf(asked)).toMatchObject({ status: 200, body: { sha256 } });
});

test('more than it may have is 413, told beforehand or found while it comes, and the connection goes on', async () => {
  const tooMuch = Buffer.alloc(BYTES_MAX + 1);
  const expected = { status: 413, body: { error: { code: 'too_large', type: 'invalid_request_error', param: null } } };
  expect(await ask({ headers: { 'Content-Length': String(tooMuch.length) } }, tooMuch)).toMatchObject(expected);
  expect(await ask({ headers: { 'Transfer-Encoding': 'chunked' } }, tooMuch)).toMatchObject(expected);
  expect(await ask({}, 'small')).toMatchObject({ status: 200 });
});

test('a handler that stops half-way is heard, with what it says', async () => {
  const body = Buffer.concat([Buffer.from('stop here'), Buffer.alloc(BYTES_MAX / 2)]);
  expect(await ask({}, body)).toMatchObject({
    status: 409,
    type: expect.stringContaining('application/json'),
    body: {
      error: { message: 'Enough.', type: 'invalid_request_error', param: 'file', code: 'limit_reached', needed: 3 },
    },
  });
  expect(await ask({}, 'small')).toMatchObject({ status: 200 });
});

test('refusals before the handler are in the format of the route: 401, 403, 405, 415', async () => {
  const codeOf = async (sent: Sent) => {
    const { status, type, body } = await ask(sent, sent.method === 'GET' ? undefined : 'small');
    return [status, type.split(';')[0], body.error?.code ?? body.code];
  };
  const [openai, problem] = ['application/json', 'application/problem+json'];
  expect(await codeOf({ key: 'bk_of_nobody' })).toEqual([401, openai, 'unauthenticated']);
  expect(await codeOf({ key: account.owner })).toEqual([403, openai, 'forbidden']);
  expect(await codeOf({ method: 'PUT' })).toEqual([405, openai, 'method_not_allowed']);
  expect(await codeOf({ headers: { 'Content-Type': 'text/csv' } })).toEqual([415, openai, 'unsupported_media_type']);
  const path = `/v1/accounts/${account.id}/hello`;
  expect(await codeOf({ method: 'GET', path })).toEqual([403, problem, 'forbidden']);
  expect(await codeOf({ path, key: account.owner })).toEqual([405, problem, 'method_not_allowed']);
});

test("the caller's address is worked out for those requests only that are counted by it", async () => {
  addressesAskedFor = 0;
  const path = `/v1/accounts/${account.id}/hello`;
  expect(await ask({ method: 'GET', path, key: account.owner })).toMatchObject({ status: 200 });
  expect(addressesAskedFor).toBe(0);
  expect(await ask({ method: 'GET', path, key: 'wrong' })).toMatchObject({ status: 401 });
  expect(addressesAskedFor).toBe(1);
});

test('a caller who has hung up is counted by its address all the same', async () => {
  const addressOf = createCallerAddress([]);
  const seen = new Promise<string>((resolve) => {
    const listening = createServer((asked) => {
      asked.socket.once('close', () => {
        resolve(addressOf(asked));
        listening.close();
      });
      asked.socket.destroy();
    });
    keepAddresses(listening).listen(0, '127.0.0.1', () => {
      const { port } = listening.address() as AddressInfo;
      request({ port, host: '127.0.0.1' })
        .on('error', () => {})
        .end();
    });
  });
  expect(await seen).toBe('127.0.0.1');
});
