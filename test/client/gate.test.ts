import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import express from 'express';
import { gateMiddleware, guarded, type BallastClient } from '../../client';
import { adjust, openAccount, putModel, report, startTestApi, type TestApi } from '../support/api';
import { until } from '../support/notices';
import { startProxy, type Proxy } from '../support/proxy';
import { notedClient, type NotedClient } from './support';

let api: TestApi;
let proxy: Proxy;
let client: NotedClient;
beforeAll(async () => {
  api = await startTestApi();
  proxy = await startProxy(Number(new URL(api.url).port));
  await putModel(api);
  client = notedClient({ url: api.url, key: api.service, gate: {} });
  await client.gate.ready(20_000);
});
afterAll(async () => {
  await client.close();
  await proxy.close();
  await api.close();
});

test('S5 the replica follows the account: opened, paid, used up, paid again', async () => {
  const { id } = await openAccount(api);
  await until(
    () => client.gate.check(id),
    (verdict) => !verdict.allowed && verdict.because === 'suspended',
  );
  await adjust(api, id, '1.00');
  await until(() => client.gate.allows(id), Boolean);
  await report(api, [{ id: 'all', accountId: id, model: 'model', inputTokens: 1_000_000 }]);
  await until(
    () => client.gate.allows(id),
    (allowed) => !allowed,
  );
  expect(client.gate.get(id)).toMatchObject({
    accountId: id,
    allowed: false,
    state: 'suspended',
    reasons: ['balance_exhausted'],
  });
  await adjust(api, id, '50.00');
  await until(
    () => client.gate.get(id)?.state,
    (state) => state === 'ok',
  );
});

test('S5 usage that this client reports moves its replica with the answer, before the stream does', async () => {
  const { id } = await openAccount(api, '1.00');
  const held = notedClient({ url: api.url, key: api.service, gate: {} });
  await held.gate.ready(20_000);
  await until(() => held.gate.allows(id), Boolean);
  held.report({ accountId: id, model: 'model', inputTokens: 1_000_000 });
  await held.flush(20_000);
  expect(held.gate.allows(id)).toBe(false);
  await held.close();
});

test('S6 the stream is lost: staleness grows, past the limit the policy decides, and it comes back by itself', async () => {
  const { id } = await openAccount(api, '10.00');
  const url = `http://127.0.0.1:${proxy.port}`;
  const [closed, open] = (['fail_closed', 'fail_open'] as const).map((policy) =>
    notedClient({ url, key: api.service, gate: { policy, staleMsMax: 7_000 } }),
  ) as [NotedClient, NotedClient];
  await Promise.all([closed, open].map(({ gate }) => gate.ready(20_000)));
  await until(() => closed.gate.allows(id) && open.gate.allows(id), Boolean);
  proxy.hold();
  await adjust(api, id, '-10.00');
  await until(
    () => closed.gate.check(id),
    (verdict) => !verdict.allowed && verdict.because === 'gate_stale',
  );
  expect(closed.gate.stalenessMs()).toBeGreaterThan(7_000);
  await until(
    () => open.gate.stalenessMs(),
    (ms) => ms > 7_000,
  );
  expect(open.gate.allows(id)).toBe(true);
  expect(open.gate.check('nobody')).toEqual({ allowed: false, because: 'unknown_account' });
  proxy.release();
  for (const { gate } of [closed, open])
    await until(
      () => gate.check(id),
      (verdict) => !verdict.allowed && verdict.because === 'suspended',
    );
  await Promise.all([closed.close(), open.close()]);
});

test('a client with a wrong key says so, lets nobody through, and can be closed', async () => {
  const stranger = notedClient({ url: api.url, key: 'wrong', gate: {} });
  await until(() => stranger.errors.length, Boolean);
  expect(stranger.errors[0]).toMatchObject({ code: 'unauthenticated', status: 401 });
  await expect(stranger.gate.ready(50)).rejects.toMatchObject({ code: 'unreachable' });
  expect(stranger.gate.allows('anybody')).toBe(false);
  await stranger.close();
  const without = notedClient({ url: api.url, key: api.service, gate: false });
  expect(() => without.gate).toThrow('gate: false');
  await without.close();
});

type Answered = { status: number; headers: Headers; body: any };

/** What a server made with this client says to the account's request. */
async function asked(listener: Parameters<typeof createServer>[1], account?: string): Promise<Answered> {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, {
    headers: account === undefined ? {} : { 'X-Account': account },
  });
  const text = await response.text();
  server.close();
  return { status: response.status, headers: response.headers, body: text.startsWith('{') ? JSON.parse(text) : text };
}

const account = (request: { headers: Record<string, unknown> }) => request.headers['x-account'] as string | undefined;
const withExpress = (ballast: Pick<BallastClient, 'gate'>, shape?: 'openai') =>
  express()
    .use(gateMiddleware(ballast, { account, ...(shape && { shape }) }))
    .get('/', (_request, response) => void response.send('inference'));
const plain = (ballast: Pick<BallastClient, 'gate'>, shape?: 'openai') =>
  guarded(ballast, { account, ...(shape && { shape }) }, (_request, response) => void response.end('inference'));

test.each([
  ['Express', withExpress],
  ['node:http', plain],
])('%s: the middleware lets through, or answers 402, 401, 503', async (_name, serverOf) => {
  const { id: rich } = await openAccount(api, '10.00');
  const { id: poor } = await openAccount(api);
  await until(() => client.gate.allows(rich) && client.gate.get(poor), Boolean);

  expect(await asked(serverOf(client), rich)).toMatchObject({ status: 200, body: 'inference' });
  const refused = await asked(serverOf(client), poor);
  expect(refused).toMatchObject({
    status: 402,
    body: { status: 402, code: 'insufficient_quota', detail: expect.stringContaining('balance_exhausted') },
  });
  expect(refused.headers.get('content-type')).toBe('application/problem+json');
  expect(refused.headers.get('cache-control')).toBe('no-store');
  expect(await asked(serverOf(client), 'nobody')).toMatchObject({ status: 402, body: { code: 'insufficient_quota' } });
  expect(await asked(serverOf(client))).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });

  const quota = await asked(serverOf(client, 'openai'), poor);
  expect(quota).toMatchObject({
    status: 429,
    body: {
      error: { type: 'insufficient_quota', code: 'insufficient_quota', param: null, message: expect.any(String) },
    },
  });
  expect(quota.headers.get('x-should-retry')).toBe('false');

  const stale = notedClient({ url: 'http://127.0.0.1:9', key: 'key', gate: {} });
  const unavailable = await asked(serverOf(stale), rich);
  expect(unavailable).toMatchObject({ status: 503, body: { code: 'gate_stale' } });
  expect(unavailable.headers.get('retry-after')).toBe('1');
  await sleep(0);
  await stale.close();
});

test('S6 what account() throws, or gives by mistake, ends neither the process nor lets anybody through', async () => {
  const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  const { id } = await openAccount(api, '10.00');
  await until(() => client.gate.allows(id), Boolean);
  const handler = (_request: unknown, response: { end(text: string): void }) => response.end('inference');
  const throwing = guarded(
    client,
    {
      account: () => {
        throw new Error('a malformed token');
      },
    },
    handler,
  );
  expect(await asked(throwing, id)).toMatchObject({ status: 500, body: { code: 'internal' } });
  expect(warn).toHaveBeenCalledWith(expect.stringContaining('a malformed token'), 'BallastWarning', 'ballast_callback');
  const later = guarded(client, { account: (() => Promise.resolve(id)) as never, shape: 'openai' }, handler);
  expect(await asked(later, id)).toMatchObject({
    status: 500,
    body: { error: { code: 'internal', type: 'server_error' } },
  });
  expect(warn).toHaveBeenCalledWith(
    expect.stringContaining("it must give an account's id"),
    'BallastWarning',
    'ballast_callback',
  );
  warn.mockRestore();
  expect(await asked(guarded(client, { account: () => null }, handler), id)).toMatchObject({ status: 401 });
});
