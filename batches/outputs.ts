/** The two files of a job that has ended: one line for each request, in the input's order (L4). */
import type { Db } from '../ledger/db';
import { hasOutcomes, listOutcomes, type RequestOutcome } from '../ledger/batches/listOutcomes';
import type { FileStore } from './fileStore';

/** What becomes of requests that were not finished. */
export type Unfinished = 'batch_expired' | 'batch_cancelled';
const MESSAGES: Record<Unfinished, string> = {
  batch_expired: 'This request could not be executed before the completion window expired.',
  batch_cancelled: 'This request was not executed: its batch was cancelled.',
};

export type OutputFile = { id: string; bytes: number } | null;
export type WrittenOutputs = { output: OutputFile; errors: OutputFile };

/** Their ids follow from the job's, so that writing them again writes the same. */
export const outputIdOf = (batchId: string): string => `file-${batchId.slice('batch_'.length)}out`;
export const errorIdOf = (batchId: string): string => `file-${batchId.slice('batch_'.length)}err`;
/** Of the job whose output or error file this would be; null when it is no such name. */
export function batchIdOf(name: string): string | null {
  const found = /^file-([A-Za-z0-9]+)(?:out|err)$/.exec(name);
  return found && `batch_${found[1]}`;
}

/**
 * A file without lines is not made. Throws, and leaves the files as they are, when the requests are not all there, or the
 * job has ended meanwhile: then another process has written them, and its requests are being erased. Memory: a page of
 * answers.
 * @param requests of the job; null: however many there are
 */
export async function writeOutputs(
  db: Db,
  store: FileStore,
  { batchId, requests, unfinished }: { batchId: string; requests: number | null; unfinished: Unfinished },
): Promise<WrittenOutputs> {
  const write = async (id: string, isMine: (outcome: RequestOutcome) => boolean): Promise<OutputFile> => {
    await store.write(id, linesOf(listAll(db, batchId, requests), batchId, unfinished, isMine));
    const bytes = await store.size(id);
    if (bytes) return { id, bytes };
    await store.remove(id);
    return null;
  };
  return {
    output: await write(outputIdOf(batchId), ({ outcome }) => outcome === 'completed'),
    errors: await write(errorIdOf(batchId), ({ outcome }) => outcome !== 'completed'),
  };
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
  if (!(await hasOutcomes(db, batchId)))
    throw new Error(`the batch ${batchId} has ended meanwhile: its files are not written again`);
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
