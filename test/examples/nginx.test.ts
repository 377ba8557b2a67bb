/** The example configuration of nginx, in nginx itself. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../dev/ports';
import { adjust, openAccount, startTestApi, type TestApi } from '../support/api';
import { until } from '../support/notices';
import { requireNginx } from '../support/tools';

const template = readFileSync(join(__dirname, '..', '..', 'examples', 'nginx', 'ballast.conf.template'), 'utf8');

let api: TestApi;
let inference: Server;
let nginx: ChildProcess;
let home: string;
let port: number;
const seen: { account: string | undefined; url: string }[] = [];

beforeAll(async () => {
  const program = await requireNginx();
  api = await startTestApi();
  inference = createServer((request, response) => {
    seen.push({ account: request.headers['x-account-id'] as string | undefined, url: request.url! });
    if (request.url === '/forbidden') response.writeHead(403).end('by the inference service');
    else response.end('inference');
  }).listen(0, '127.0.0.1');
  await once(inference, 'listening');
  home = mkdtempSync(join(tmpdir(), 'ballast-nginx-'));
  port = await freePort();
  nginx = await startNginx(program);
}, 300_000);
afterAll(async () => {
  if (nginx?.exitCode === null) {
    nginx.kill('SIGTERM');
    await once(nginx, 'exit');
  }
  inference?.closeAllConnections();
  inference?.close();
  await api?.close();
  if (home) rmSync(home, { recursive: true, force: true });
});

async function startNginx(program: string): Promise<ChildProcess> {
  await openAccount(api, '1.00', 'rich');
  await openAccount(api, undefined, 'poor');
  writeFileSync(
    join(home, 'accounts.map'),
    '"~^Bearer sk-rich$" "rich";\n"~^Bearer sk-poor$" "poor";\n"~^Bearer sk-closed$" "nobody";\n',
  );
  writeFileSync(join(home, 'ballast.conf'), filled(new URL(api.url).host));
  for (const kind of ['client', 'proxy', 'fastcgi', 'uwsgi', 'scgi']) mkdirSync(join(home, kind));
  writeFileSync(
    join(home, 'nginx.conf'),
    `
    daemon off; master_process off; pid ${home}/nginx.pid; error_log ${home}/error.log;
    events { worker_connections 64; }
    http {
      access_log off; client_body_temp_path ${home}/client; proxy_temp_path ${home}/proxy;
      fastcgi_temp_path ${home}/fastcgi; uwsgi_temp_path ${home}/uwsgi; scgi_temp_path ${home}/scgi;
      include ${home}/ballast.conf;
    }`,
  );
  const child = spawn(program, ['-p', home, '-c', join(home, 'nginx.conf'), '-e', join(home, 'error.log')], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  await until(
    () =>
      fetch(`http://127.0.0.1:${port}/`).then(
        () => true,
        () => child.exitCode !== null,
      ),
    Boolean,
  );
  if (child.exitCode !== null) throw new Error(`nginx did not start: ${readFileSync(join(home, 'error.log'), 'utf8')}`);
  return child;
}

/** As envsubst does it. */
function filled(ballastAddress: string): string {
  const values: Record<string, string> = {
    BALLAST_ADDRESS: ballastAddress,
    BALLAST_KEY: api.service,
    LISTEN: `127.0.0.1:${port}`,
    INFERENCE_ADDRESS: `127.0.0.1:${(inference.address() as AddressInfo).port}`,
    ACCOUNTS_FILE: join(home, 'accounts.map'),
  };
  return template.replace(/\$\{([A-Z_]+)\}/g, (_whole, name: string) => values[name]!);
}

async function ask(key?: string, path = '/v1/chat/completions') {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    body: '{"model":"m"}',
    headers: { 'X-Account-Id': 'rich', ...(key !== undefined && { Authorization: `Bearer ${key}` }) },
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text.startsWith('{') ? JSON.parse(text) : text };
}

test('S2 who has money is let through, as the account of the key and of no header', async () => {
  expect(await ask('sk-rich')).toMatchObject({ status: 200, body: 'inference' });
  expect(seen.at(-1)).toEqual({ account: 'rich', url: '/v1/chat/completions' });
});

test('S2 who has none is answered 402 at the edge, and inference sees nothing of it', async () => {
  const before = seen.length;
  const denied = await ask('sk-poor');
  expect(denied).toMatchObject({ status: 402, body: { status: 402, code: 'insufficient_quota' } });
  expect(denied.headers.get('content-type')).toBe('application/problem+json');
  expect(denied.headers.get('x-ballast-gate')).toBe('suspended');
  expect((await ask('sk-closed')).status).toBe(402);
  expect((await ask('sk-unknown')).status).toBe(401);
  expect((await ask('SK-RICH')).status).toBe(401);
  expect((await ask('sk-rich-not')).status).toBe(401);
  expect((await ask()).status).toBe(401);
  expect(seen).toHaveLength(before);
  await adjust(api, 'poor', '1.00');
  expect((await ask('sk-poor')).status).toBe(200);
});

test("a 403 of the inference service itself stays one, and the gate's own address is closed to callers", async () => {
  expect(await ask('sk-rich', '/forbidden')).toMatchObject({ status: 403, body: 'by the inference service' });
  expect((await ask('sk-rich', '/_ballast_authorize')).status).toBe(404);
});

test('S6 without Ballast nobody is let through, and told so: 503 with Retry-After', async () => {
  writeFileSync(join(home, 'ballast.conf'), filled('127.0.0.1:9'));
  nginx.kill('SIGTERM');
  await once(nginx, 'exit');
  nginx = spawn(await requireNginx(), ['-p', home, '-c', join(home, 'nginx.conf'), '-e', join(home, 'error.log')], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  await until(
    () =>
      fetch(`http://127.0.0.1:${port}/`).then(
        () => true,
        () => false,
      ),
    Boolean,
  );
  const denied = await ask('sk-rich');
  expect(denied).toMatchObject({ status: 503, body: { code: 'gate_stale' } });
  expect(denied.headers.get('retry-after')).toBe('1');
});
