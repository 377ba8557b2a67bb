/** L2: what is not stored whole leaves nothing in the store. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createFolderStore } from '../../batches/fileStore';
import { MARKER } from '../../batches/storeMarker';
import { until } from '../support/notices';
import { times } from '../support/times';

const folder = mkdtempSync(join(tmpdir(), 'ballast-store-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function* refusedAtOnce(): AsyncGenerator<Buffer> {
  await Promise.resolve();
  throw new Error('refused');
}

test('L2 an upload that is refused before its file is open leaves no file, also not a moment later', async () => {
  const store = createFolderStore(folder);
  const outcomes = await Promise.allSettled(times(100, (i) => store.write(`file-${i}`, refusedAtOnce())));
  expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(readdirSync(folder, { recursive: true })).toEqual(['partial']);
});

test('L2 what is removed while it is being written does not come into its place after that', async () => {
  const store = createFolderStore(folder);
  let go = (): void => undefined;
  const released = new Promise<void>((resolve) => (go = resolve));
  let begin = (): void => undefined;
  const begun = new Promise<void>((resolve) => (begin = resolve));
  async function* slow(): AsyncGenerator<Buffer> {
    yield Buffer.from('first');
    begin();
    await released;
    yield Buffer.from('last');
  }
  const writing = store.write('file-removed', slow());
  const outcome = writing.then(
    () => 'written',
    (error: Error) => error.name,
  );
  await begun;
  await until(
    () => readdirSync(join(folder, 'partial')),
    (names) => names.length === 1,
  );
  await store.remove('file-removed');
  go();
  expect(await outcome).toBe('StoreUnavailable');
  expect(await store.size('file-removed')).toBeNull();
  expect(readdirSync(join(folder, 'partial'))).toEqual([]);
});

test('L2 two writers of one name do not mix: the second is refused, and the first is whole', async () => {
  const store = createFolderStore(folder);
  let go = (): void => undefined;
  const released = new Promise<void>((resolve) => (go = resolve));
  async function* slow(): AsyncGenerator<Buffer> {
    yield Buffer.from('first ');
    await released;
    yield Buffer.from('and whole');
  }
  const first = store.write('file-twice', slow());
  await until(
    () => readdirSync(join(folder, 'partial')),
    (names) => names.length === 1,
  );
  await expect(store.write('file-twice', Readable.from([Buffer.from('second')]))).rejects.toThrow('EEXIST');
  go();
  await first;
  expect(readFileSync(join(folder, 'file-twice'), 'utf8')).toBe('first and whole');
  await store.remove('file-twice');
});

test('L2 processes that take a new folder at the same moment all take it; a marker that was cut short is none', async () => {
  const owner = { id: 'deployment-1', expected: [] };
  for (const round of times(20, (index) => index)) {
    const taken = join(folder, `taken-${round}`);
    const check = () => createFolderStore(taken, () => Promise.resolve(owner)).check();
    await Promise.all(times(10, check));
    expect(readdirSync(taken)).toEqual([MARKER]);
    writeFileSync(join(taken, MARKER), '');
    await check();
    expect(readFileSync(join(taken, MARKER), 'utf8')).toBe(owner.id);
  }
});
