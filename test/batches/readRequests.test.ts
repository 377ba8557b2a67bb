/** L4: the requests of a claim are read from the input in few pieces, and each is what stands at its place. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createFolderStore, type FileStore } from '../../batches/fileStore';
import { readRequests, type WhereRequest } from '../../batches/readRequests';
import { times } from '../support/times';

const folder = mkdtempSync(join(tmpdir(), 'ballast-requests-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const REQUESTS = 100;
const lineOf = (nth: number, words = 200): string =>
  JSON.stringify({
    custom_id: `r${nth}`,
    method: 'POST',
    url: '/v1/chat/completions',
    body: { model: 'm', max_tokens: 9, messages: [{ role: 'user', content: `${nth} wörter `.repeat(words) }] },
  });

/** A file of these lines, with a blank one and other line breaks between. */
async function storeLines(name: string, lines: readonly string[]): Promise<WhereRequest[]> {
  const places: WhereRequest[] = [];
  let text = '';
  for (const [nth, line] of lines.entries()) {
    places.push({ customId: `r${nth}`, offset: Buffer.byteLength(text), length: Buffer.byteLength(line) });
    text += line + (nth % 3 === 0 ? '\r\n\n' : '\n');
  }
  await createFolderStore(folder).write(name, Readable.from([Buffer.from(text)]));
  return places;
}

function countingStore(): { store: FileStore; ranges: { start: number; length: number }[] } {
  const ranges: { start: number; length: number }[] = [];
  const store = createFolderStore(folder);
  return {
    ranges,
    store: {
      ...store,
      read(name, range) {
        ranges.push(range!);
        return store.read(name, range);
      },
    },
  };
}

const bodyOf = (line: string): unknown => (JSON.parse(line) as { body: unknown }).body;

test('L4 requests that follow each other are read as one piece, and each has its own body', async () => {
  const lines = times(REQUESTS, (nth) => lineOf(nth, 20));
  const places = await storeLines('file-neighbours', lines);
  const { store, ranges } = countingStore();
  const { read, lost } = await readRequests(store, 'file-neighbours', places);
  expect(lost).toEqual([]);
  expect(read).toEqual(lines.map((line, nth) => ({ customId: `r${nth}`, body: bodyOf(line) })));
  expect(ranges).toHaveLength(1);
});

test('L4 a piece has at most a mebibyte, and what nobody asks for is not read', async () => {
  const lines = times(REQUESTS, (nth) => lineOf(nth, nth === 50 ? 120_000 : 2_000));
  const places = await storeLines('file-large', lines);
  const { store, ranges } = countingStore();
  const asked = places.filter((_, nth) => nth < 60 || nth > 90);
  const { read, lost } = await readRequests(store, 'file-large', asked);
  expect(lost).toEqual([]);
  expect(read).toEqual(asked.map(({ customId }) => ({ customId, body: bodyOf(lines[Number(customId.slice(1))]!) })));
  const large = places[50]!;
  expect(large.length).toBeGreaterThan(1024 * 1024);
  for (const { start, length } of ranges)
    expect(length).toBeLessThanOrEqual(start === large.offset ? large.length : 1024 * 1024);
  const bytes = ranges.reduce((sum, { length }) => sum + length, 0);
  expect(bytes).toBeLessThan(asked.reduce((sum, { length }) => sum + length + 3, 0));
});

test('L4 requests in any order are found, and those that are not what was checked are lost by themselves', async () => {
  const lines = times(REQUESTS, (nth) => lineOf(nth));
  const places = await storeLines('file-mixed', lines);
  const last = places.at(-1)!;
  const asked = [
    places[7]!,
    places[3]!,
    { ...places[4]!, customId: 'another' },
    places[5]!,
    { ...places[6]!, length: 20 },
    { ...last, customId: 'behind the end', offset: last.offset + last.length },
    places[0]!,
  ];
  const { read, lost } = await readRequests(createFolderStore(folder), 'file-mixed', asked);
  expect(read.map(({ customId }) => customId)).toEqual(['r7', 'r3', 'r5', 'r0']);
  expect(read.map(({ body }) => body)).toEqual([7, 3, 5, 0].map((nth) => bodyOf(lines[nth]!)));
  expect(lost).toEqual(['another', 'r6', 'behind the end']);
  expect(await readRequests(createFolderStore(folder), 'file-gone', asked)).toEqual({
    read: [],
    lost: asked.map(({ customId }) => customId),
  });
});
