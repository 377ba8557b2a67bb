/** Logs that can't be written stop neither money nor gates: a full disk, a reader that is gone, one that reads no more. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { startApiProcess } from '../support/apiProcess';
import { Cluster } from '../support/cluster';
import { createTestDatabase } from '../support/database';
import { until } from '../support/notices';
import { times } from '../support/times';

/** Linux has a device that is always full. */
const FULL = '/dev/full';

(existsSync(FULL) ? test : test.skip)(
  'with standard output on a full disk API and worker take usage, answer gates and make a reload, over an outage that both log',
  async () => {
    const cluster = await Cluster.start({ LOG_LEVEL: 'trace' }, FULL);
    try {
      await cluster.putModel();
      const account = await cluster.account('full-disk');
      await cluster.killTemporal();
      const answers = await Promise.all(times(20, () => cluster.ask('GET', `/v1/accounts/${account}/workflow`)));
      expect(answers.map(({ status }) => status)).toEqual(times(20, () => 503));
      await cluster.startTemporal();
      expect((await cluster.use(account, 'e1', 12)).body).toMatchObject({ accepted: 1 });
      expect(await cluster.gate(account)).toMatchObject({ allowed: true });
      await until(
        () => cluster.lines(account, 'reload'),
        (reloads) => reloads === 1,
        40_000,
      );
      await until(
        () => cluster.gate(account),
        (gate) => gate.allowed && gate.state === 'ok',
      );
    } finally {
      await cluster.stop();
    }
  },
);

test('the reader of the log is gone: the API goes on', async () => {
  const ADMIN_KEY = 'the-admin-key-of-the-test';
  const database = await createTestDatabase();
  const env = { DATABASE_URL: database.url, ADMIN_KEY, TEMPORAL_ADDRESS: '127.0.0.1:9', LOG_LEVEL: 'trace' };
  const api = await startApiProcess(env, ['ignore', 'pipe', 'pipe']);
  api.child.stdout!.destroy();
  api.child.stderr!.destroy();
  const headers = { Authorization: `Bearer ${ADMIN_KEY}`, 'Content-Type': 'application/json' };
  const body = '{"id":"acme","name":"A","members":[{"name":"O","email":"o@acme.example","role":"owner"}]}';
  expect((await fetch(`${api.url}/v1/accounts`, { method: 'POST', headers, body })).status).toBe(201);
  // Each logs that Temporal is away.
  const ask = async () => (await fetch(`${api.url}/v1/accounts/acme/workflow`, { headers })).status;
  for (let round = 0; round < 2; round += 1) expect(await Promise.all(times(5, ask))).toEqual(times(5, () => 503));
  expect((await fetch(`${api.url}/healthz`)).status).toBe(200);
  await api.stop();
  await database.drop();
});

/** Compiled by `npm test` before the tests run. */
const logModule = join(__dirname, '..', '..', 'dist', 'telemetry', 'log.js');
/** Logs several megabytes at once, says by a message that it goes on, and logs more when it is told to. */
const talker = `
const { log } = require(${JSON.stringify(logModule)}).openOutput('talker', 'info');
const talk = (lines) => { for (let i = 0; i < lines; i += 1) log.info({ i, text: 'x'.repeat(500) }, 'a line'); };
talk(10_000);
setTimeout(() => process.send('alive'), 100);
process.on('message', (lines) => talk(lines));`;

test('the reader of the log reads no more: nobody waits for it, and when it reads again it is told how many lines were lost', async () => {
  const child = spawn(process.execPath, ['-e', talker], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  await once(child, 'message');
  let read = '';
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (read += text));
  const lost = await until(
    () => read.split('\n').find((line) => line.includes('log lines were lost')),
    (line) => line !== undefined,
  );
  child.send(100);
  await until(
    () => read,
    (text) => text.split('"i":99,').length === 3 && text.endsWith('\n'),
  );
  child.kill('SIGKILL');
  const lines = read
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { msg: string; lines?: number });
  const written = lines.filter(({ msg }) => msg === 'a line').length;
  expect(written).toBeGreaterThan(1_000);
  expect(written - 100 + (JSON.parse(lost!) as { lines: number }).lines).toBe(10_000);
});
