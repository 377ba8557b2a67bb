import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { parseRequest } from '../../batches/checkFile';
import { counterOf } from '../../batches/countTokens';
import { createFolderStore, FileGone } from '../../batches/fileStore';
import { indexFile, readIndex, type IndexedRequest } from '../../batches/requestIndex';
import { createRandom } from '../../chaos/random';
import { times } from '../support/times';

const folder = mkdtempSync(join(tmpdir(), 'ballast-files-'));
const store = createFolderStore(folder);
afterAll(() => rmSync(folder, { recursive: true }));

const line = (customId: string, body: Record<string, unknown>): string =>
  JSON.stringify({
    custom_id: customId,
    method: 'POST',
    url: '/v1/chat/completions',
    body: { model: 'm', messages: [{ role: 'user', content: 'Hello world' }], ...body },
  });
const collect = async (fileId: string, pageSize: number): Promise<IndexedRequest[]> => {
  const all: IndexedRequest[] = [];
  for await (const page of readIndex(store, { id: fileId, attempt: 1 }, () => pageSize)) all.push(...page);
  return all;
};

test('L3 each request is found again by its index, with the tokens it enqueues', async () => {
  const content = `\ufeff${line('a', { max_tokens: 10 })}\r\n\n${line('b\u2028', { max_completion_tokens: 20, max_tokens: 5, n: 3 })}\n${line('c', {})}`;
  await store.write('file-1', Readable.from([Buffer.from(content)]));
  const totals = await indexFile(store, { id: 'file-1', attempt: 1 }, counterOf('openai'), 1_000);

  const requests = await collect('file-1', 2);
  expect(requests.map(({ line: number, customId, outputTokens }) => [number, customId, outputTokens])).toEqual([
    [1, 'a', 10],
    [3, 'b\u2028', 60],
    [4, 'c', 1_000],
  ]);
  // "Hello world" has two tokens, the message adds four and the answer three.
  expect(requests.map(({ inputTokens }) => inputTokens)).toEqual([9, 9, 9]);
  expect(totals).toEqual({ requests: 3, inputTokens: 27, outputTokens: 1_070 });
  for (const { offset, length, customId } of requests) {
    const chunks = (await (await store.read('file-1', { start: offset, length })).toArray()) as Buffer[];
    expect(parseRequest(Buffer.concat(chunks))).toMatchObject({ customId });
  }
});

test('L3 a model that says nothing of its largest output counts for 4,096', async () => {
  await store.write('file-2', Readable.from([Buffer.from(line('a', {}))]));
  expect(await indexFile(store, { id: 'file-2', attempt: 1 }, counterOf('openai'), null)).toMatchObject({
    outputTokens: 4_096,
  });
  expect(await indexFile(store, { id: 'file-2', attempt: 1 }, counterOf('openai'), 100_000)).toMatchObject({
    outputTokens: 4_096,
  });
});

test("L3 other providers' models are counted by bytes, generously", () => {
  const [anthropic, openAi] = ['anthropic', 'openai'].map((provider) => sum(counterOf(provider)('Hello world')));
  expect(anthropic).toBeGreaterThan(openAi!);
});

const sum = (pieces: Iterable<number>): number => [...pieces].reduce((all, one) => all + one, 0);

test('L3 a text of megabytes is counted in pieces, and no token is left out', () => {
  const sentence = 'Each vessel rides low when its tanks are filled. ';
  const [one, two] = [sentence, sentence + sentence].map((text) => sum(counterOf('openai')(text)));
  const pieces = [...counterOf('openai')(sentence.repeat(30_000))];
  expect(pieces.length).toBeGreaterThan(20);
  const whole = one! + 29_999 * (two! - one!);
  expect(sum(pieces)).toBeGreaterThanOrEqual(whole);
  expect(sum(pieces)).toBeLessThanOrEqual(whole + pieces.length);
});

test('L2 while one long line is counted, the process has its turns: a heartbeat is never late by a whole line', async () => {
  await store.write('file-4', Readable.from([Buffer.from(line('a', {}))]));
  let turns = 0;
  let next = setImmediate(function again() {
    turns += 1;
    next = setImmediate(again);
  });
  const seen: number[] = [];
  await indexFile(
    store,
    { id: 'file-4', attempt: 1 },
    function* slow() {
      for (let piece = 0; piece < 10; piece++) {
        for (const startedMs = performance.now(); performance.now() - startedMs < 25;);
        seen.push(turns);
        yield 1;
      }
    },
    null,
  );
  clearImmediate(next);
  expect(new Set(seen).size).toBe(10);
});

/** What counting takes of the processor, the quickest of some tries. */
function cpuOf(text: string): number {
  const count = counterOf('openai');
  const tries = times(5, () => {
    const before = process.cpuUsage();
    sum(count(text));
    const { user, system } = process.cpuUsage(before);
    return user + system;
  });
  return Math.min(...tries);
}

test('L2 an unbroken run costs what the same bytes of words cost, not the square of its length', () => {
  // No piece comes twice, so that nothing is remembered: letters and words of a fixed sequence.
  const random = createRandom(1126);
  const letters = (count: number): string =>
    times(count, () => String.fromCharCode(97 + random.between(0, 25))).join('');
  const length = 40_000;
  const words = times(length / 8, () => letters(7)).join(' ');
  for (const run of ['_'.repeat(length), letters(length)]) expect(cpuOf(run) / cpuOf(words)).toBeLessThan(20);
});

test('L2 a stream that breaks off leaves nothing in the store', async () => {
  const broken = async function* (): AsyncGenerator<Buffer> {
    yield Buffer.from('half');
    throw new Error('the connection broke');
  };
  await expect(store.write('file-3', broken())).rejects.toThrow('the connection broke');
  expect(readdirSync(folder).filter((name) => name.startsWith('file-3'))).toEqual([]);
  await expect(store.read('file-3')).rejects.toThrow(FileGone);
  expect(await store.size('file-3')).toBeNull();
});

test('names from outside never leave the folder', async () => {
  await expect(store.read('../../etc/passwd')).rejects.toThrow(RangeError);
});
