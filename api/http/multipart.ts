/** Reads multipart forms with one file as they come: the file streams on, the fields are few and small. */
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Busboy } from '@fastify/busboy';
import { Problem } from '../../domain/errors';
import type { StreamedBody } from './endpoint';

export type MultipartForm = { fields: Map<string, string>; filename: string | null };

const FIELDS_MAX = 20;
const FIELD_BYTES_MAX = 1_000;

/**
 * Fields and file may come in any order.
 * @param takeFile reads the file named `file` to its end; what it throws ends the reading and is thrown
 * @throws {Problem} `invalid_request` for what is no such form; what the body throws, such as a connection that broke
 */
export async function readMultipart(
  body: StreamedBody,
  takeFile: (content: AsyncIterable<Buffer>) => Promise<void>,
): Promise<MultipartForm> {
  const form: MultipartForm = { fields: new Map(), filename: null };
  const broken = new AbortController();
  const parser = createParser(body.contentType);
  let content: Readable | null = null;
  let file: Promise<void> | null = null;

  parser.on('field', (name, value, nameCut, valueCut) => {
    if (nameCut || valueCut) broken.abort(malformed(`the field ${name} is too long`));
    else form.fields.set(name, value);
  });
  parser.on('file', (name, stream, filename) => {
    if (name !== 'file' || file !== null) return void stream.resume();
    form.filename = filename;
    content = stream;
    // Whoever takes the file may fail before it reads, and then nobody else would hear that the file ends with an error.
    stream.on('error', () => undefined);
    file = takeFile(stream as AsyncIterable<Buffer>);
    file.catch((error: unknown) => broken.abort(error));
  });
  for (const limit of ['fieldsLimit', 'filesLimit', 'partsLimit'] as const) {
    parser.on(limit, () => broken.abort(malformed('it has too many parts')));
  }

  try {
    await pipeline(body.chunks, parser, { signal: broken.signal });
    await (file as Promise<void> | null);
  } catch (error) {
    // The pipeline's own error only says that it was ended.
    const cause: unknown = broken.signal.aborted ? broken.signal.reason : error;
    // The parser leaves the file open: whoever reads it would wait for ever.
    (content as Readable | null)?.destroy(cause instanceof Error ? cause : undefined);
    await (file as Promise<void> | null)?.catch(() => undefined);
    throw isFormError(cause) ? malformed(cause.message) : cause;
  }
  return form;
}

function createParser(contentType: string): InstanceType<typeof Busboy> {
  try {
    return new Busboy({
      headers: { 'content-type': contentType },
      limits: { files: 2, fields: FIELDS_MAX, parts: FIELDS_MAX + 2, fieldSize: FIELD_BYTES_MAX, headerPairs: 50 },
    });
  } catch (error) {
    throw malformed((error as Error).message);
  }
}

/** What the parser finds wrong with the form. A problem that was found in the file is its own, whatever the file's text in it is. */
const isFormError = (error: unknown): error is Error =>
  error instanceof Error &&
  !(error instanceof Problem) &&
  /multipart|boundary|Malformed|Unexpected end/i.test(error.message);

const malformed = (because: string): Problem =>
  new Problem('invalid_request', `The body must be a multipart form with a file: ${because}.`);
