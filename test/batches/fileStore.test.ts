/** L2: what is not stored whole leaves nothing in the store. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFolderStore } from '../../batches/fileStore';
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
