/** Writes a month of usage events to a compressed file, a JSON object per line. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { PoolClient } from 'pg';
import { nano } from '../../domain/money';
import { countUsageMonth } from '../../ledger/usage/countUsageMonth';
import { countWithoutLine } from '../../ledger/usage/countWithoutLine';
import { readUsageMonth, type ArchivedEvent } from '../../ledger/usage/readUsageMonth';
import { readFacts, readLines, sumUp, type FileFacts } from './archiveFile';

/**
 * All or nothing under `path`: it is written beside it, flushed and renamed. The same month gives the same bytes. A file
 * that is there already may be the only one with its events, after a database was restored: it is kept (see `keepOlder`).
 * Takes one connection, in one transaction that sees one moment, and a few thousand events of memory.
 */
export async function writeUsageMonth(client: PoolClient, month: string, path: string): Promise<FileFacts> {
  if (existsSync(path)) return keepOlder(client, month, path);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const sums = { events: 0, cost: 0n, first: 0n, last: -1n };
  const hash = createHash('sha256');
  let bytes = 0;
  const counting = new Transform({
    transform(chunk: Buffer, _, done) {
      hash.update(chunk);
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  async function* lines(): AsyncGenerator<string> {
    for await (const events of readUsageMonth(client, month)) {
      for (const { cost, posting } of events) {
        sums.cost += cost;
        if (sums.events++ === 0 || posting < sums.first) sums.first = posting;
        if (posting > sums.last) sums.last = posting;
      }
      yield events.map(({ json }) => `${json}\n`).join('');
    }
  }
  const part = `${path}.part`;
  try {
    // Opened first: a stream that fails while it opens its file by itself leaves one after the removal.
    const file = await open(part, 'w', 0o600);
    await pipeline(Readable.from(lines()), createGzip(), counting, file.createWriteStream({ flush: true }));
    // Somebody may have brought one back meanwhile.
    if (existsSync(path)) return await keepOlder(client, month, path);
    await rename(part, path);
  } finally {
    await rm(part, { force: true });
  }
  await flush(dirname(path));
  return {
    sha256: hash.digest('hex'),
    bytes,
    events: sums.events,
    cost: nano(sums.cost),
    postings: { first: sums.first, last: sums.last },
  };
}

/**
 * What is recorded of the file that is there already: when it has the events of the month, in any order; or when the month
 * has no events here, and each of the file's was deducted by a line of this ledger. @throws in any other case
 */
async function keepOlder(client: PoolClient, month: string, path: string): Promise<FileFacts> {
  const older = await readFacts(path).catch((error: Error) => {
    throw new Error(`${path} is there, is not recorded, and is no whole file: ${error.message}. ${MOVE_IT}`);
  });
  if (await isOfMonth(client, month, path, older)) return older.facts;
  throw new Error(`${path} is there, is not recorded, and has other events than the month in the database. ${MOVE_IT}`);
}

async function isOfMonth(
  client: PoolClient,
  month: string,
  path: string,
  { facts, content }: Awaited<ReturnType<typeof readFacts>>,
): Promise<boolean> {
  const { events, cost } = await countUsageMonth(client, month);
  if (events === 0) {
    for await (const some of readLines(path)) if ((await countWithoutLine(client, some)) > 0) return false;
    return true;
  }
  // What differs by these is not read through at each look.
  if (events !== facts.events || cost !== facts.cost) return false;
  return (await sumUp(jsonOf(readUsageMonth(client, month)))).content === content;
}

async function* jsonOf(batches: AsyncIterable<ArchivedEvent[]>): AsyncGenerator<string[]> {
  for await (const events of batches) yield events.map(({ json }) => json);
}

const MOVE_IT = 'It is not replaced: move it to where you keep it, and the month is archived anew';

/** A rename is durable when its folder is. */
async function flush(folder: string): Promise<void> {
  const handle = await open(folder);
  await handle.sync().finally(() => handle.close());
}
