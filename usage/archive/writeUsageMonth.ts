/** Writes a month of usage events to a compressed file, a JSON object per line. */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { PoolClient } from 'pg';
import { nano } from '../../domain/money';
import { readUsageMonth } from '../../ledger/usage/readUsageMonth';
import type { NewArchive } from '../../ledger/usage/recordArchive';

/**
 * All or nothing under `path`: it is written beside it, flushed and renamed. The same month gives the same bytes.
 * Takes one connection, in one transaction that sees one moment, and a few thousand events of memory.
 */
export async function writeUsageMonth(
  client: PoolClient,
  month: string,
  path: string,
): Promise<Omit<NewArchive, 'month' | 'file'>> {
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
  await pipeline(Readable.from(lines()), createGzip(), counting, createWriteStream(part, { mode: 0o600, flush: true }));
  await rename(part, path);
  await flush(dirname(path));
  return {
    sha256: hash.digest('hex'),
    bytes,
    events: sums.events,
    cost: nano(sums.cost),
    postings: { first: sums.first, last: sums.last },
  };
}

/** A rename is durable when its folder is. */
async function flush(folder: string): Promise<void> {
  const handle = await open(folder);
  await handle.sync().finally(() => handle.close());
}
