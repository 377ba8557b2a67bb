/** The two files of a job that has ended: one line for each request, in the input's order (L4). */
import type { Db } from '../ledger/db';
import { listOutcomes, type RequestOutcome } from '../ledger/batches/listOutcomes';
import { FULL_SPEED, type Pace } from './pace';
import type { FileStore } from './fileStore';

/** What becomes of requests that were not finished. */
export type Unfinished = 'batch_expired' | 'batch_cancelled';
const MESSAGES: Record<Unfinished, string> = {
  batch_expired: 'This request could not be executed before the completion window expired.',
  batch_cancelled: 'This request was not executed: its batch was cancelled.',
};

export type OutputKind = 'output' | 'error';
/** An id that was reserved for a file of the job. */
export type OutputFile = { kind: OutputKind; id: string };

/**
 * Writes files of a job under ids that nobody else writes, and answers their bytes in the same order; 0: it has no line.
 * Throws when the requests are not all there: then the job has ended meanwhile, and they are being erased. Memory: a page
 * of answers.
 * @param requests of the job; null: however many there are
 */
export async function writeOutputs(
  db: Db,
  store: FileStore,
  { batchId, requests, unfinished }: { batchId: string; requests: number | null; unfinished: Unfinished },
  files: readonly OutputFile[],
  pace: Pace = FULL_SPEED,
): Promise<number[]> {
  const sizes: number[] = [];
  for (const { kind, id } of files) {
    const isMine = ({ outcome }: RequestOutcome): boolean => (outcome === 'completed') === (kind === 'output');
    let bytes = 0;
    async function* counted(): AsyncGenerator<Buffer> {
      for await (const lines of linesOf(listAll(db, batchId, requests), batchId, unfinished, isMine)) {
        bytes += lines.length;
        yield lines;
        await pace.next('write');
      }
    }
    await store.write(id, counted());
    sizes.push(bytes);
  }
  return sizes;
}

async function* listAll(db: Db, batchId: string, requests: number | null): AsyncGenerator<RequestOutcome[]> {
  let seen = 0;
  for (let afterLine = 0; ;) {
    const page = await listOutcomes(db, batchId, afterLine);
    if (page.length === 0) break;
    seen += page.length;
    yield page;
    afterLine = page.at(-1)!.line;
  }
  if (requests !== null && seen !== requests)
    throw new Error(`${seen} of the ${requests} requests of ${batchId} are there: its files are not written`);
}

async function* linesOf(
  pages: AsyncIterable<RequestOutcome[]>,
  batchId: string,
  unfinished: Unfinished,
  isMine: (outcome: RequestOutcome) => boolean,
): AsyncGenerator<Buffer> {
  for await (const page of pages) {
    const lines = page.filter(isMine).map((outcome) => lineOf(batchId, outcome, unfinished));
    if (lines.length > 0) yield Buffer.from(lines.join(''));
  }
}

/** Answers and errors are JSON already: they are not parsed again. */
function lineOf(
  batchId: string,
  { line, customId, outcome, response, error }: RequestOutcome,
  unfinished: Unfinished,
): string {
  const id = `batch_req_${batchId.slice('batch_'.length)}_${line}`;
  const failure = outcome === null ? JSON.stringify({ code: unfinished, message: MESSAGES[unfinished] }) : error;
  return `{"id":${JSON.stringify(id)},"custom_id":${JSON.stringify(customId)},"response":${response ?? 'null'},"error":${failure ?? 'null'}}\n`;
}
