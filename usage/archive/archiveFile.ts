/** What is in a file of archived usage (B8), and whether two have the same events. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { nano } from '../../domain/money';
import type { NewArchive } from '../../ledger/usage/recordArchive';

const EVENTS_AT_ONCE = 5_000;

/** What is recorded of a file, but for its name. */
export type FileFacts = Omit<NewArchive, 'month' | 'file'>;

/** The lines of a file, some thousands at a time. @throws where it is not a whole file */
export async function* readLines(path: string): AsyncGenerator<string[]> {
  let lines: string[] = [];
  const file = createReadStream(path);
  const content = createGunzip();
  // By itself a pipe does not hand on that its source could not be read.
  file.on('error', (error) => content.destroy(error));
  for await (const line of createInterface({ input: file.pipe(content), crlfDelay: Infinity })) {
    lines.push(line);
    if (lines.length < EVENTS_AT_ONCE) continue;
    yield lines;
    lines = [];
  }
  if (lines.length > 0) yield lines;
}

/** @returns in hexadecimal digits */
export async function checksumOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** Exact, which JSON's numbers are not. A quote within a text has a backslash before it, and is none of these. */
function numberIn(line: string, name: string): bigint {
  const digits = new RegExp(`"${name}":(\\d+)`).exec(line)?.[1];
  if (digits === undefined) throw new Error(`a line of it is no usage event: ${line.slice(0, 100)}`);
  return BigInt(digits);
}

/** Of events as JSON. `content`: the same of the same events, in any order. */
export async function sumUp(
  events: AsyncIterable<string[]>,
): Promise<Pick<FileFacts, 'events' | 'cost' | 'postings'> & { content: string }> {
  const sums = { events: 0, cost: 0n, first: 0n, last: -1n };
  let content = 0n;
  for await (const lines of events)
    for (const line of lines) {
      const posting = numberIn(line, 'posting');
      sums.cost += numberIn(line, 'cost_nano');
      if (sums.events++ === 0 || posting < sums.first) sums.first = posting;
      if (posting > sums.last) sums.last = posting;
      content += createHash('sha256').update(line).digest().readBigUInt64LE();
    }
  return {
    events: sums.events,
    cost: nano(sums.cost),
    postings: { first: sums.first, last: sums.last },
    content: `${sums.events} events, ${content}`,
  };
}

/** Reads it from its beginning to its end. `content`: see `sumUp`. */
export async function readFacts(path: string): Promise<{ facts: FileFacts; content: string }> {
  const { content, ...sums } = await sumUp(readLines(path));
  return { facts: { sha256: await checksumOf(path), bytes: (await stat(path)).size, ...sums }, content };
}
