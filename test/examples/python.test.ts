/** The example for Python callers, run by python3 against a real API. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { charged } from '../client/support';
import { openAccount, putModel, startTestApi, type TestApi } from '../support/api';
import { startReceiver } from '../support/receiver';
import { requirePython } from '../support/tools';

const file = join(__dirname, '..', '..', 'examples', 'python', 'report_usage.py');
let api: TestApi;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  env = await requirePython([['requests', 'requests']]);
  api = await startTestApi();
  await putModel(api);
}, 240_000);
afterAll(async () => {
  await api?.close();
});

async function python(url: string, code: string[], lines: unknown[] = [], key = api.service) {
  const child = spawn('python3', code, {
    env: {
      ...env,
      BALLAST_URL: url,
      BALLAST_KEY: key,
      PYTHONDONTWRITEBYTECODE: '1',
      PYTHONPATH: [join(file, '..'), env.PYTHONPATH].filter(Boolean).join(':'),
    },
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (text) => (out += text));
  child.stderr.on('data', (text) => (err += text));
  child.stdin.on('error', () => undefined).end(lines.map((line) => JSON.stringify(line)).join('\n'));
  const [status] = await once(child, 'close');
  return { status, out: out.trim(), err };
}

test('it is at most 100 lines', () => {
  expect(readFileSync(file, 'utf8').trimEnd().split('\n').length).toBeLessThanOrEqual(100);
});

test('B3 events from a file are charged once, also when the file is sent again', async () => {
  const { id } = await openAccount(api, '10.00');
  const lines = Array.from({ length: 1_200 }, (_, i) => ({
    id: `py-${i}`,
    accountId: id,
    model: 'model',
    inputTokens: 1_000,
  }));
  for (let twice = 0; twice < 2; twice++) {
    expect(await python(api.url, [file], lines)).toEqual({
      status: 0,
      out: '{"reported": 1200, "rejected": 0}',
      err: '',
    });
  }
  expect(await charged(api.database, id)).toEqual({ events: 1_200, cost: '1200000000' });
});

test('B4 rejected events are told with their reasons, and the exit code says so', async () => {
  const { id } = await openAccount(api, '10.00');
  const { status, out, err } = await python(
    api.url,
    [file],
    [
      { accountId: id, model: 'model', images: 1, imageSize: '1024x1024' },
      { id: 'odd', accountId: id, model: 'nowhere' },
    ],
  );
  expect({ status, out }).toEqual({ status: 1, out: '{"reported": 2, "rejected": 1}' });
  expect(JSON.parse(err)).toMatchObject({ id: 'odd', code: 'unknown_model', event: { accountId: id } });
  expect(await charged(api.database, id)).toMatchObject({ events: 1, cost: '40000000' });
});

test('B3 a 503 and a cut connection are tried again with the same events', async () => {
  const server = await startReceiver((response, nth) => {
    if (nth === 1) response.writeHead(503, { 'Retry-After': '1' }).end('{}');
    else if (nth === 2) response.destroy();
    else
      response
        .writeHead(200, { 'Content-Type': 'application/json' })
        .end('{"accepted": 1, "duplicates": 0, "rejected": [], "gates": {}}');
  });
  expect((await python(`http://127.0.0.1:${server.port}`, [file], [{ accountId: 'a', model: 'm' }])).status).toBe(0);
  const bodies = server.received.map(({ body }) => JSON.parse(body));
  expect(bodies).toHaveLength(3);
  expect(bodies[1]).toEqual(bodies[0]);
  expect(bodies[2]).toEqual(bodies[0]);
  await server.close();
});

test("B3 an answer that is cut off in its middle, or is not Ballast's, is no answer", async () => {
  const server = await startReceiver((response, nth) => {
    if (nth === 1) response.writeHead(200, { 'Content-Length': '100' }).write('{"accepted"', () => response.destroy());
    else if (nth === 2) response.writeHead(200, { 'Content-Type': 'text/html' }).end('<html>');
    else
      response
        .writeHead(200, { 'Content-Type': 'application/json' })
        .end('{"accepted": 1, "duplicates": 0, "rejected": [], "gates": {}}');
  });
  expect((await python(`http://127.0.0.1:${server.port}`, [file], [{ accountId: 'a', model: 'm' }])).status).toBe(0);
  expect(server.received.map(({ body }) => body)).toEqual(Array(3).fill(server.received[0]!.body));
  await server.close();
});

test('a wrong key ends it with an error', async () => {
  const { status, err } = await python(api.url, [file], [{ accountId: 'a', model: 'm' }], 'wrong');
  expect(status).not.toBe(0);
  expect(err).toContain('401');
});

test('S6 the gate from Python: yes, no, and no without an answer', async () => {
  const { id: rich } = await openAccount(api, '10.00');
  const { id: poor } = await openAccount(api);
  const ask = `import sys, report_usage as r\nb = r.Ballast(sys.argv[1], sys.argv[2])\nprint([b.allows(a) for a in sys.argv[3:]])`;
  expect((await python('', ['-c', ask, api.url, api.service, rich, poor, 'nobody'])).out).toBe('[True, False, False]');
  expect((await python('', ['-c', ask, 'http://127.0.0.1:9', api.service, rich])).out).toBe('[False]');
});
