/** Issue 13.6: traces are made only where they are sent, lines of a log say what they belong to, and no secret is in them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { forRequest } from '../../api/http/requestLog';
import { hiding } from '../../telemetry/hideSecrets';
import { traceFields } from '../../telemetry/tracing';

/** Compiled by `npm test` before the tests run. */
const dist = join(__dirname, '..', '..', 'dist');
let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'ballast-loaded-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Starts a program that ends at once, as its environment lacks something; what it has loaded of OpenTelemetry by then. */
async function loadedBy(program: string, env: NodeJS.ProcessEnv = {}): Promise<string[]> {
  const name = `${program.replace('/', '-')}-${Object.keys(env).length}`;
  const [hook, loaded] = [join(folder, `${name}.js`), join(folder, `${name}.json`)];
  writeFileSync(
    hook,
    `process.on('exit', () => require('node:fs').writeFileSync(${JSON.stringify(loaded)}, JSON.stringify(Object.keys(require.cache))));`,
  );
  const child = spawn(process.execPath, ['--require', hook, join(dist, `${program}.js`)], {
    env: { PATH: process.env.PATH, DATABASE_URL: 'postgres://nobody@127.0.0.1:9/none', ...env },
    stdio: 'ignore',
  });
  expect(await once(child, 'exit')).toEqual([1, null]);
  const files = JSON.parse(readFileSync(loaded, 'utf8')) as string[];
  // It came as far as to decide.
  expect(files.some((file) => file.endsWith('telemetry/tracing.js'))).toBe(true);
  return files.filter((file) => file.includes('@opentelemetry'));
}

test('nothing of OpenTelemetry is loaded where no place for traces is named, and something where one is', async () => {
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' };
  const [api, worker, batches, disabled, traced] = await Promise.all([
    loadedBy('api/main'),
    loadedBy('workers/main'),
    loadedBy('workers/batchesMain'),
    loadedBy('api/main', { ...endpoint, OTEL_SDK_DISABLED: 'true' }),
    loadedBy('api/main', endpoint),
  ]);
  expect([api, worker, batches, disabled]).toEqual([[], [], [], []]);
  expect(traced.length).toBeGreaterThan(10);
});

test('each line that a request has written says which request, account and trace it belongs to', () => {
  const lines: Record<string, unknown>[] = [];
  const current = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', carrier: '' };
  const log = pino(
    { mixin: traceFields({ current: () => current }) },
    { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) },
  );
  const services = { log, other: 1 };
  const own = forRequest(services, 'request-1', 'acct_1');
  expect(own.other).toBe(1);
  own.log.warn('of a request');
  services.log.warn('of none');
  expect(lines[0]).toMatchObject({
    requestId: 'request-1',
    account: 'acct_1',
    traceId: current.traceId,
    spanId: current.spanId,
  });
  expect(lines[1]).not.toHaveProperty('requestId');
});

test('no secret is in a line of the log, whatever it comes in', () => {
  const hide = hiding(['an-admin-key-of-16', 'whsec_own', '', undefined]);
  const secrets = [
    'bk_0123456789012345678901234567890123456789012',
    'sk_live_51Hxxxxxxxxxxxxxxxxxxx',
    'rk_test_abcdefghijklmnop',
    'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    'pi_3Nxyz_secret_abcdefghijklmnop',
    'a-password',
    'an-admin-key-of-16',
    'a.bearer.token',
  ];
  const line = JSON.stringify({
    err: {
      message: `Invalid API Key provided: ${secrets[1]}`,
      stack: `at ${secrets[2]}`,
      detail: `Key (a)=(${secrets[0]})`,
    },
    url: `postgres://ballast:${secrets[5]}@127.0.0.1:5432/ballast`,
    headers: { authorization: `Bearer ${secrets[7]}` },
    more: [secrets[3], secrets[4], secrets[6]],
  });
  const hidden = hide(line);
  for (const secret of secrets) expect(hidden).not.toContain(secret);
  // It is still a line of JSON, and says what it had to say.
  expect(JSON.parse(hidden)).toMatchObject({ url: 'postgres://ballast:…@127.0.0.1:5432/ballast' });
  const harmless = '{"account":"acct_1","msg":"a sketch of risk_free desk_tops at http://127.0.0.1:3000/a@b"}';
  expect(hide(harmless)).toBe(harmless);
});
