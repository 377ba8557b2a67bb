/** L2: OpenAI's own client for Python runs a batch, unchanged. Left out, with a line, where Python or the client is not to be had. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startExecutor } from '../../examples/batch-executor/executor';
import { cacheDir, installOnce } from '../../dev/cache';
import { findOnPath, run } from '../../dev/commands';
import { openAccount, startTestApi, type TestApi } from '../support/api';
import { putBatchModels, requestLine } from '../support/batchFiles';
import { times } from '../support/times';
import { World } from '../support/world';

const VERSION = '3.57.0';
const INSTALL_MS = 180_000;

const folder = mkdtempSync(join(tmpdir(), 'ballast-python-batches-'));
let client: { folder: string } | { missing: string };
let world: World;
let api: TestApi;
beforeAll(async () => {
  client = await install();
  if ('missing' in client) return console.log(`OpenAI's client for Python: not run, ${client.missing}`);
  const filesDir = join(folder, 'files');
  world = await World.start({ time: 'real', filesDir });
  api = await startTestApi({ database: world.database, temporal: world.client, filesDir });
  await putBatchModels(api);
}, INSTALL_MS + 60_000);
afterAll(async () => {
  await api?.close();
  await world?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function install(): Promise<typeof client> {
  if (!findOnPath('python3')) return { missing: 'python3 is not on the PATH' };
  const target = join(cacheDir(), `openai-python-${VERSION}`);
  try {
    await installOnce(target, async (to) => {
      const args = ['-m', 'pip', 'install', '--quiet', '--target', to, `openai==${VERSION}`];
      const { code, output } = await run('python3', args, { timeoutMs: INSTALL_MS });
      if (code !== 0) throw new Error(output.trim().split('\n').at(-1));
    });
  } catch (error) {
    return { missing: `pip could not install it: ${(error as Error).message}` };
  }
  return { folder: target };
}

test('L2 the client for Python uploads, creates, polls, pages, cancels, downloads and deletes', async () => {
  if ('missing' in client) return;
  const own = await openAccount(api, '100.00');
  const ids = times(20, (i) => `request-${i}`);
  const path = join(folder, 'requests.jsonl');
  const content = ids.map((id) => requestLine(id)).join('\n');
  writeFileSync(path, content);
  let executor: ReturnType<typeof startExecutor> | undefined;
  try {
    const child = spawn('python3', [join(__dirname, 'openai_batches.py'), path], {
      env: {
        PATH: process.env.PATH,
        PYTHONPATH: client.folder,
        PYTHONDONTWRITEBYTECODE: '1',
        KEY: own.member,
        BASE_URL: `${api.url}/v1`,
      },
    });
    let [out, err] = ['', ''];
    child.stdout.on('data', (data: Buffer) => {
      out += data.toString();
      executor ??= startExecutor({ url: api.url, key: api.service, idleMs: 200, requestsPerMinute: 1_000_000 });
    });
    child.stderr.on('data', (data: Buffer) => (err += data.toString()));
    const [code] = (await once(child, 'close')) as [number];
    if (code !== 0) throw new Error(err || out);
    expect(JSON.parse(out.trim().split('\n').at(-1)!)).toEqual({
      file: { bytes: content.length, purpose: 'batch', listed: true },
      in_use: true,
      first: { status: 'completed', completed: 20, total: 20, metadata: { made_by: 'python' } },
      cancelled: 'cancelling',
      second: 'cancelled',
      paged: [true, true],
      answered: ids,
      deleted: [true, true],
    });
  } finally {
    await executor?.stop();
  }
});
