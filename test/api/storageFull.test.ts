/** L2: a disk for files that is full is told, nothing is left of the upload, and the API lives on. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MARKER } from '../../batches/storeMarker';
import { openAccount, startTestApi, type TestAccount, type TestApi } from '../support/api';
import { putBatchModels, requestLine } from '../support/batchFiles';
import { until } from '../support/notices';
import { times } from '../support/times';

const disk = mkdtempSync(join(tmpdir(), 'ballast-small-disk-'));
/** Takes root, and a system that lets it. */
const mounted =
  process.platform === 'linux' && spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', disk]).status === 0;
const name = mounted ? '' : ' (left out: a small disk can not be mounted here)';
let api: TestApi;
let own: TestAccount;
beforeAll(async () => {
  api = await startTestApi({ filesDir: disk });
  own = await openAccount(api, '100.00');
  await putBatchModels(api);
  // Its key is known before this process makes megabytes of lines.
  await api.ask('GET', '/v1/files', { key: own.owner });
});
afterAll(async () => {
  await api.close();
  if (mounted) spawnSync('umount', ['-l', disk]);
  rmSync(disk, { recursive: true, force: true });
});

const MEGABYTE = 1_000_000;
/** Lines of so many bytes together. */
const linesOf = (bytes: number): string =>
  times(bytes / 10_000, (i) => requestLine(`r${i}`, { messages: [{ role: 'user', content: 'x'.repeat(9_850) }] })).join(
    '\n',
  );
async function upload(content: string): Promise<{ status: number; retryAfter: string | null; body: any }> {
  const form = new FormData();
  form.set('purpose', 'batch');
  form.set('file', new Blob([content]), 'requests.jsonl');
  const answer = await fetch(`${api.url}/v1/files`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${own.owner}` },
    body: form,
  });
  return { status: answer.status, retryAfter: answer.headers.get('retry-after'), body: await answer.json() };
}
const left = () => readdirSync(disk, { recursive: true }).filter((path) => !['partial', MARKER].includes(String(path)));

(mounted ? test : test.skip)(
  `L2 an upload that does not fit on the disk is answered 503 and leaves no byte and no row; smaller ones go on${name}`,
  async () => {
    const refused = await Promise.all([10, 6].map((megabytes) => linesOf(megabytes * MEGABYTE)).map(upload));
    for (const { status, retryAfter, body } of refused) {
      expect([status, body.error.code]).toEqual([503, 'storage_unavailable']);
      expect(Number(retryAfter)).toBeGreaterThan(0);
    }
    await until(left, (paths) => paths.length === 0);
    const { bsize, blocks, bfree } = statfsSync(disk);
    expect((blocks - bfree) * bsize).toBeLessThan(100_000);
    const { rowCount } = await api.database.pool.query(
      'select from files where removed_at is null or removed_at > now()',
    );
    expect(rowCount).toBe(0);
    const { rows } = await api.database.pool.query('select sum(held_nano)::text as held from balances');
    expect(rows).toEqual([{ held: '0' }]);
    expect((await upload(linesOf(2 * MEGABYTE))).status).toBe(200);
    expect((await fetch(`${api.url}/healthz`)).status).toBe(200);
  },
);

(mounted ? test : test.skip)(`L7 nor does a dataset that does not fit${name}`, async () => {
  const before = left();
  const raw = times(900, () => `{"text":"${'x'.repeat(10_000)}"}`).join('\n');
  const { status, body } = await api.ask('POST', `/v1/accounts/${own.id}/evaluation-datasets`, {
    key: own.owner,
    raw,
    headers: { 'Content-Type': 'application/jsonl' },
  });
  expect([status, body.code]).toEqual([503, 'storage_unavailable']);
  expect(left()).toEqual(before);
});
