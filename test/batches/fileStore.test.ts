/** L2: what is not stored whole leaves nothing in the store. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFolderStore } from '../../batches/fileStore';
import { MARKER } from '../../batches/storeMarker';
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
