/** The example configuration of Envoy, in Envoy itself. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../dev/ports';
import { adjust, openAccount, startTestApi, type TestApi } from '../support/api';
import { until } from '../support/notices';
import { requireEnvoy } from '../support/tools';

const example = readFileSync(join(__dirname, '..', '..', 'examples', 'envoy', 'envoy.yaml'), 'utf8');

let api: TestApi;
let inference: Server;
let envoy: ChildProcess;
let home: string;
let port: number;
/** A port where nobody listens. */
const NOBODY = 9;
const seen: { account: string | undefined; method: string; url: string; body: string }[] = [];

beforeAll(async () => {
  const program = await requireEnvoy();
  api = await startTestApi();
  await openAccount(api, '1.00', 'rich');
  await openAccount(api, undefined, 'poor');
  inference = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('end', () => {
        seen.push({
          account: request.headers['x-account-id'] as string | undefined,
          method: request.method!,
          url: request.url!,
          body: Buffer.concat(chunks).toString(),
        });
        if (request.url === '/forbidden') response.writeHead(403).end('by the inference service');
        else response.end('inference');
      });
  }).listen(0, '127.0.0.1');
  await once(inference, 'listening');
  home = mkdtempSync(join(tmpdir(), 'ballast-envoy-'));
  envoy = await startEnvoy(program, Number(new URL(api.url).port));
}, 300_000);
afterAll(async () => {
  await stopEnvoy();
  inference?.closeAllConnections();
  inference?.close();
  await api?.close();
  if (home) rmSync(home, { recursive: true, force: true });
});

/** The addresses, the key and the accounts of the example, with those of this test in their place. */
function filled(ballastPort: number): string {
  const values: [string, string][] = [
    ['address: 0.0.0.0, port_value: 8080', `address: 127.0.0.1, port_value: ${port}`],
    ['port_value: 8000', `port_value: ${(inference.address() as AddressInfo).port}`],
    ['port_value: 3000', `port_value: ${ballastPort}`],
    ['SERVICE_KEY', api.service],
    [
      '["Bearer sk-demo"] = "demo"',
      '["Bearer sk-rich"] = "rich", ["Bearer sk-poor"] = "poor", ["Bearer sk-closed"] = "nobody"',
    ],
  ];
  return values.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`the example does not say ${from} any more`);
    return text.replace(from, to);
  }, example);
}

async function startEnvoy(program: string, ballastPort: number): Promise<ChildProcess> {
  port = await freePort();
  writeFileSync(join(home, 'envoy.yaml'), filled(ballastPort));
  const log = join(home, 'envoy.log');
  const args = [
    '-c',
    join(home, 'envoy.yaml'),
    '--log-path',
    log,
    '--log-level',
    'warn',
    '--concurrency',
    '1',
    '--disable-hot-restart',
  ];
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'ignore'] });
  await until(
    () =>
      fetch(`http://127.0.0.1:${port}/`).then(
        () => true,
        () => child.exitCode !== null,
      ),
    Boolean,
  );
  if (child.exitCode !== null) throw new Error(`Envoy did not start: ${readFileSync(log, 'utf8')}`);
  return child;
}

async function stopEnvoy(): Promise<void> {
  if (envoy?.exitCode !== null) return;
  envoy.kill('SIGTERM');
  await once(envoy, 'exit');
}

async function ask(key?: string, path = '/v1/chat/completions', method = 'POST') {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    ...(method === 'POST' && { body: '{"model":"m"}' }),
    headers: { 'X-Account-Id': 'rich', ...(key !== undefined && { Authorization: `Bearer ${key}` }) },
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text.startsWith('{') ? JSON.parse(text) : text };
}

test('S2 who has money is let through by any method and path, as the account of the key and of no header', async () => {
  expect(await ask('sk-rich')).toMatchObject({ status: 200, body: 'inference' });
  expect(seen.at(-1)).toEqual({ account: 'rich', method: 'POST', url: '/v1/chat/completions', body: '{"model":"m"}' });
  for (const [method, path] of [
    ['GET', '/'],
    ['DELETE', '/v1/files/a%2fb?c=d&e=%zz'],
    ['OPTIONS', '/v1/accounts/poor/gate'],
  ] as const) {
    expect(await ask('sk-rich', path, method)).toMatchObject({ status: 200 });
    expect(seen.at(-1)).toMatchObject({ account: 'rich', method, url: path });
  }
});

test('S2 who has none is answered 402 at the edge, and inference sees nothing of it', async () => {
  const before = seen.length;
  const denied = await ask('sk-poor');
  expect(denied).toMatchObject({ status: 402, body: { status: 402, code: 'insufficient_quota' } });
  expect(denied.headers.get('content-type')).toBe('application/problem+json');
  expect((await ask('sk-poor', '/v1/models', 'GET')).status).toBe(402);
  expect((await ask('sk-closed')).status).toBe(402);
  expect((await ask('sk-unknown')).status).toBe(401);
  expect((await ask()).status).toBe(401);
  expect(seen).toHaveLength(before);
  await adjust(api, 'poor', '1.00');
  expect((await ask('sk-poor')).status).toBe(200);
});

test('a 403 of the inference service itself stays one', async () => {
  expect(await ask('sk-rich', '/forbidden')).toMatchObject({ status: 403, body: 'by the inference service' });
});

test('S6 without Ballast nobody is let through: 503', async () => {
  const before = seen.length;
  await stopEnvoy();
  envoy = await startEnvoy(await requireEnvoy(), NOBODY);
  expect((await ask('sk-rich')).status).toBe(503);
  expect(seen).toHaveLength(before);
});
