/**
 * The index of a batch file: for each request where its line lies and what it reserves. It is written once, when the
 * file's tokens are counted, and read when a job begins; so the file itself is parsed twice at most.
 */
import { parseRequest } from './checkFile';
import { isFault } from '../domain/batchRequest';
import { countInput, type CountTokens } from './countTokens';
import type { FileStore } from './fileStore';
import { createLineSplitter, type Line } from './lines';
import { FULL_SPEED, type Pace } from './pace';
import { createTurns, type Turns } from './turns';

export type IndexedRequest = {
  /** The line's number in the file, from 1. */
  line: number;
  /** In bytes. */
  offset: number;
  length: number;
  customId: string;
  inputTokens: number;
  /** The largest output of all its answers together. */
  outputTokens: number;
};
export type FileCount = { id: string; attempt: number };
export type FileTotals = { requests: number; inputTokens: number; outputTokens: number };

/**
 * Each count of a file writes an index of its own, and the row says which counts: one that comes late writes over none.
 * @param attempt which count of the file; 0: one of before they were told apart
 */
export const indexOf = (fileId: string, attempt: number): string =>
  attempt <= 1 ? `${fileId}.index` : `${fileId}-${attempt}.index`;
/** All that were ever begun. */
export const indexesOf = (fileId: string, attempts: number): string[] =>
  Array.from({ length: Math.max(1, attempts) }, (_, nth) => indexOf(fileId, nth + 1));

/** A model that says nothing of its largest output, and a request neither. */
const OUTPUT_TOKENS_DEFAULT = 4_096;

/**
 * Counts the tokens of a file that was checked, and writes its index.
 * @param isOver ends it half-way, with its reason: the count is of no more use
 */
export async function indexFile(
  store: FileStore,
  { id: fileId, attempt }: FileCount,
  count: CountTokens,
  modelMaxOutputTokens: number | null,
  { isOver, pace = FULL_SPEED }: { isOver?: AbortSignal; pace?: Pace | undefined } = {},
): Promise<FileTotals> {
  const totals: FileTotals = { requests: 0, inputTokens: 0, outputTokens: 0 };
  const outputDefault = Math.min(modelMaxOutputTokens ?? OUTPUT_TOKENS_DEFAULT, OUTPUT_TOKENS_DEFAULT);

  async function* index(): AsyncGenerator<Buffer> {
    const lines = createLineSplitter();
    const turns = createTurns(pace);
    for await (const chunk of (await store.read(fileId)) as AsyncIterable<Buffer>)
      yield await toIndex(lines.push(chunk), turns);
    yield await toIndex(lines.end(), turns);
  }

  async function toIndex(lines: Iterable<Line>, turns: Turns): Promise<Buffer> {
    let text = '';
    for (const { number, offset, bytes } of lines) {
      const request = parseRequest(bytes);
      // Blank lines, as the check has found none other.
      if (isFault(request)) continue;
      let inputTokens = 0;
      for (const tokens of countInput(request, count)) {
        inputTokens += tokens;
        if (!turns.isOver()) continue;
        await turns.next();
        isOver?.throwIfAborted();
      }
      const outputTokens = (request.maxOutputTokens ?? outputDefault) * request.answers;
      totals.requests += 1;
      totals.inputTokens += inputTokens;
      totals.outputTokens += outputTokens;
      text += `${JSON.stringify([number, offset, bytes!.length, inputTokens, outputTokens, request.customId])}\n`;
    }
    return Buffer.from(text);
  }

  await store.write(indexOf(fileId, attempt), index());
  return totals;
}

/** An index that can be read, but is not what was written. */
export class IndexBroken extends Error {
  constructor(fileId: string, because: string) {
    super(`the index of ${fileId} is broken: ${because}`);
    this.name = 'IndexBroken';
  }
}

/** The requests of a file in its order, so many at a time. Throws `FileGone` without an index, `IndexBroken` for no such one. */
export async function* readIndex(
  store: FileStore,
  { id: fileId, attempt }: FileCount,
  pageSize: () => number,
): AsyncGenerator<IndexedRequest[]> {
  const lines = createLineSplitter();
  let page: IndexedRequest[] = [];
  for await (const chunk of (await store.read(indexOf(fileId, attempt))) as AsyncIterable<Buffer>) {
    for (const { bytes } of lines.push(chunk)) {
      page.push(toIndexed(fileId, bytes));
      if (page.length < pageSize()) continue;
      yield page;
      page = [];
    }
  }
  if (page.length > 0) yield page;
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function toIndexed(fileId: string, bytes: Buffer | null): IndexedRequest {
  const fields = parse(bytes);
  const [line, offset, length, inputTokens, outputTokens, customId] = fields as [
    number,
    number,
    number,
    number,
    number,
    string,
  ];
  if (fields.length !== 6 || !fields.slice(0, 5).every(isCount) || typeof customId !== 'string')
    throw new IndexBroken(fileId, 'a line is no entry');
  return { line, offset, length, inputTokens, outputTokens, customId };
}

function parse(bytes: Buffer | null): unknown[] {
  try {
    const value: unknown = JSON.parse(bytes?.toString() ?? 'null');
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
