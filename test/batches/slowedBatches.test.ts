/** L5: while gates are asked, the processes of batches take a small share of the processor, and still do all of their work. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startExecutor } from '../../examples/batch-executor/executor';
import { openAccount, startTestApi, type TestAccount, type TestApi } from '../support/api';
import { startApiProcess, type ApiProcess } from '../support/apiProcess';
import { putBatchModels, requestLine } from '../support/batchFiles';
import { until } from '../support/notices';
import { dist } from '../support/paths';
import { times } from '../support/times';
import { World } from '../support/world';

const folder = mkdtempSync(join(tmpdir(), 'ballast-slowed-'));
const filesDir = join(folder, 'files');
const GATES_BUSY_FILE = join(folder, 'gates-busy');
let world: World;
let batches: ApiProcess;
let worker: ChildProcess;
let front: TestApi;
let own: TestAccount;
let asking: NodeJS.Timeout;
beforeAll(async () => {
  world = await World.start({ time: 'real' });
  const env = {
    DATABASE_URL: world.database.url,
    FILES_DIR: filesDir,
    GATES_BUSY_FILE,
    TEMPORAL_NAMESPACE: world.client.options.namespace,
  };
  batches = await startApiProcess({ ...env, LOW_PRIORITY: '1', TRUSTED_PROXIES: 'loopback' });
  worker = spawn(process.execPath, [join(dist, 'workers', 'batchesMain.js')], {
    env: {
      ...env,
      PATH: process.env.PATH,
      TEMPORAL_ADDRESS: process.env.TEST_TEMPORAL_ADDRESS,
      LOG_LEVEL: 'silent',
    },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(worker.stdout!, 'data');
  front = await startTestApi({
    database: world.database,
    temporal: world.client,
    batchesUrl: batches.url,
    gatesBusyFile: GATES_BUSY_FILE,
  });
  await putBatchModels(front);
  own = await openAccount(front, '1000.00');
  asking = setInterval(() => void front.ask('GET', `/v1/accounts/${own.id}/gate`, { key: front.service }), 15);
  await until(waitedSeconds, (seconds) => seconds !== null);
  // The pacer looks ten times a second.
  await sleep(2_000);
});
afterAll(async () => {
  clearInterval(asking);
  const gone = once(worker, 'exit');
  worker.kill('SIGKILL');
  await gone;
  await batches.stop();
  await front.close();
  await world.close();
  rmSync(folder, { recursive: true, force: true });
});

/** For how long requests to the batches' API have waited; null: it does not count that. */
async function waitedSeconds(): Promise<number | null> {
  const answer = await fetch(`${batches.url}/metrics`, { headers: { Authorization: `Bearer ${front.admin}` } });
  const found = /^ballast_batches_waited_seconds_total (\S+)$/m.exec(await answer.text());
  return found && Number(found[1]);
}

/** Of all its threads (proc(5), fields 14 and 15, in hundredths). */
function cpuSeconds(pid: number): number {
  const line = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** What part of one core the process takes while the work is done. */
async function shareWhile<T>(pid: number, work: () => Promise<T>): Promise<{ share: number; result: T }> {
  const [startedMs, before] = [performance.now(), cpuSeconds(pid)];
  const result = await work();
  return { share: (cpuSeconds(pid) - before) / ((performance.now() - startedMs) / 1_000), result };
}

async function upload(content: string): Promise<{ id: string }> {
  const form = new FormData();
  form.set('purpose', 'batch');
  form.set('file', new Blob([content]), 'requests.jsonl');
  const headers = { Authorization: `Bearer ${own.member}` };
  const answer = await fetch(`${front.url}/v1/files`, { method: 'POST', headers, body: form });
  const file = (await answer.json()) as { id: string };
  expect([answer.status, file]).toMatchObject([200, { object: 'file' }]);
  return file;
}

/** English, so that its tokens are counted as slowly as they usually are. */
const WORDS = 'the ship rides low in the water when its tanks are filled and rises as they are emptied again ';
const contentOf = (lines: number, words: number): string =>
  times(lines, (n) => requestLine(`r${n}`, { messages: [{ role: 'user', content: WORDS.repeat(words) }] })).join('\n');

(process.platform === 'linux' ? test : test.skip)(
  'L5 while gates are asked, uploads and counting take little of the processor, and who asks for something else is answered at once',
  async () => {
    const content = contentOf(1_000, 60);
    const state = { uploading: true };
    let answered = 0;
    const reading = (async () => {
      while (state.uploading) {
        expect((await front.ask('GET', '/v1/batches', { key: own.member })).status).toBe(200);
        answered += 1;
        await sleep(200);
      }
    })();
    const before = (await waitedSeconds())!;
    const uploaded = await shareWhile(batches.child.pid!, () => Promise.all(times(4, () => upload(content))));
    state.uploading = false;
    await reading;
    expect(uploaded.share).toBeLessThan(0.4);
    expect((await waitedSeconds())! - before).toBeGreaterThan(0.5);
    expect(answered).toBeGreaterThan(0);

    const [{ id: input_file_id }] = uploaded.result as [{ id: string }];
    const counted = await shareWhile(worker.pid!, () =>
      until(
        () => front.ask('POST', '/v1/batches/estimate', { key: own.member, body: { input_file_id } }),
        ({ body }) => body.error?.code !== 'file_not_counted',
        120_000,
      ),
    );
    expect(counted.result).toMatchObject({ status: 200, body: { requests: 1_000 } });
    expect(counted.share).toBeLessThan(0.4);
  },
  240_000,
);

test('L5 while gates are asked, a batch comes from its upload to its output', async () => {
  const { id: input_file_id } = await upload(contentOf(300, 1));
  const created = await front.ask('POST', '/v1/batches', {
    key: own.member,
    body: { input_file_id, endpoint: '/v1/chat/completions', completion_window: '24h' },
  });
  expect(created).toMatchObject({ status: 200 });
  const executor = startExecutor({ url: front.url, key: front.service, idleMs: 50, requestsPerMinute: 1_000_000 });
  const job = await until(
    () => front.ask('GET', `/v1/batches/${created.body.id}`, { key: own.member }),
    ({ body }) => body.status === 'completed',
    120_000,
  );
  await executor.stop();
  expect(job.body.request_counts).toEqual({ total: 300, completed: 300, failed: 0 });
  const output = await front.ask('GET', `/v1/files/${job.body.output_file_id}/content`, { key: own.member });
  expect((output.body as string).trim().split('\n').length).toBe(300);
}, 240_000);
