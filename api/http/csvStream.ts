/** A list as CSV: written page by page, at the reader's pace, so that it may be as long as it likes. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { toCsv } from './csv';
import type { PageRequest } from '../../ledger/page';
import { ok, type Reply } from './endpoint';

export type CsvRow = Record<string, unknown>;
export type CsvPage = { data: readonly CsvRow[]; nextCursor: string | null };

type ListRequest = { limit: number; cursor?: string | undefined; accept: string | undefined };

/** A list as its reader wants it: a page of JSON, or from the cursor on as CSV. @param columns of the CSV: fields of an item */
export async function listReply(
  { limit, cursor, accept }: ListRequest,
  columns: readonly string[],
  readPage: (page: PageRequest) => Promise<{ data: readonly object[]; nextCursor: string | null }>,
): Promise<Reply> {
  const first = cursor ?? null;
  if (!prefersCsv(accept)) return ok(await readPage({ limit, after: first }));
  return csvReply(columns, async (next) => (await readPage({ limit: CSV_PAGE_ROWS, after: next ?? first })) as CsvPage);
}

/** Small enough that whoever asks a gate between two pages does not wait for one. */
export const CSV_PAGE_ROWS = 500;

/** Whoever takes both is given JSON. */
export const prefersCsv = (accept = ''): boolean => accept.includes('text/csv') && !accept.includes('application/json');

/**
 * @param readPage the rows after a cursor; null for the first. The first page is read before the answer begins, so that
 * what is wrong with the request is an error as ever.
 */
export async function csvReply(
  columns: readonly string[],
  readPage: (cursor: string | null) => Promise<CsvPage>,
): Promise<Reply> {
  const first = await readPage(null);
  return {
    status: 200,
    headers: { 'Content-Type': 'text/csv; charset=utf-8', 'Cache-Control': 'no-store' },
    // A page that can't be read ends the connection, so that nobody takes a part for the whole.
    stream: (response) => void pipeline(Readable.from(toLines(columns, first, readPage)), response).catch(() => {}),
  };
}

async function* toLines(
  columns: readonly string[],
  first: CsvPage,
  readPage: (cursor: string | null) => Promise<CsvPage>,
): AsyncGenerator<string> {
  yield toCsv(columns, []);
  for (let page = first; ; page = await readPage(page.nextCursor)) {
    yield toCsv(columns, page.data.map(toCells), { header: false });
    if (page.nextCursor === null) return;
  }
}

/** What is not a text or a number is written as JSON. */
const toCells = (row: CsvRow): Record<string, string | number> =>
  Object.fromEntries(
    Object.entries(row)
      .filter(([, value]) => value !== null && value !== undefined)
      .map(([name, value]) => [
        name,
        typeof value === 'string' || typeof value === 'number' ? value : JSON.stringify(value),
      ]),
  );
