/** Reads a request's body: bounded, in a format the endpoint takes, as JSON. */
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { Problem } from '../../domain/errors';
import { parseStrictJson, repeatedName } from '../../domain/strictJson';
import type { BodySpec, StreamedBody } from './endpoint';

/** Enough for any request but usage, which has its own. */
export const BODY_BYTES_MAX = 128 * 1024;
const NDJSON = 'application/x-ndjson';
const JSON_TYPE = 'application/json';

/** The formats an endpoint takes. */
export const typesOf = ({ linesAs, streamed }: BodySpec): readonly string[] =>
  streamed ?? (linesAs === undefined ? [JSON_TYPE] : [JSON_TYPE, NDJSON]);

/** 413 and 415 come before what the body says. */
export async function readBody(request: IncomingMessage, spec: BodySpec): Promise<Buffer> {
  const bytesMax = checkHead(request, spec);
  return spec.optional && isEmpty(request) ? Buffer.from('{}') : readBytes(request, spec, bytesMax);
}

/** The same checks; the bytes are counted as the handler reads them. Throws `BodyStopped` where its sender has gone before. */
export function streamBody(request: IncomingMessage, spec: BodySpec): StreamedBody {
  const bytesMax = checkHead(request, spec);
  async function* chunks(): AsyncGenerator<Buffer> {
    let bytes = 0;
    if (request.destroyed) throw new BodyStopped();
    reading.set(request, performance.now());
    try {
      // A handler that stops half-way must not close the connection: its caller is to get the answer.
      for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        if (bytes > bytesMax) throw tooLarge(spec, bytesMax);
        reading.delete(request);
        yield chunk;
        reading.set(request, performance.now());
      }
    } finally {
      reading.delete(request);
    }
  }
  return { mediaType: mediaTypeOf(request), contentType: request.headers['content-type'] ?? '', chunks: chunks() };
}

/** How many bytes may come. */
function checkHead(request: IncomingMessage, spec: BodySpec): number {
  const { 'content-length': length, 'content-encoding': encoding } = request.headers;
  const bytesMax = spec.bytesMax ?? BODY_BYTES_MAX;
  if (Number(length ?? 0) > bytesMax) throw tooLarge(spec, bytesMax);
  if (spec.raw || (spec.optional && isEmpty(request))) return bytesMax;
  const types = typesOf(spec);
  if (!types.includes(mediaTypeOf(request)) || (encoding ?? 'identity') !== 'identity') {
    throw new Problem('unsupported_media_type', `Send the body as ${types.join(' or ')}, not compressed.`);
  }
  return bytesMax;
}

/** A body that is read whole must arrive within this time; one that is streamed may take longer, but not pause for so long. */
export const BODY_MS_MAX = 60_000;

/** Of a body whose sender has gone or fallen silent: there is nobody to answer. */
export class BodyStopped extends Error {
  /** As node:http has it for a connection that its sender has closed. */
  readonly code = 'ECONNRESET';

  constructor() {
    super('the body stopped coming');
    this.name = 'BodyStopped';
  }
}

/** Requests whose body is being read, since when. One look at all of them now and then is cheaper than a timer each. */
const reading = new Map<IncomingMessage, number>();
setInterval(() => {
  const nowMs = performance.now();
  for (const [request, sinceMs] of reading) if (nowMs - sinceMs > BODY_MS_MAX) request.destroy(new BodyStopped());
}, BODY_MS_MAX / 10).unref();

/** By events: an iterator over the chunks costs as much as parsing them. */
function readBytes(request: IncomingMessage, spec: BodySpec, bytesMax: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // It tells nobody any more: who listens to it now would wait for ever.
    if (request.destroyed) return reject(new BodyStopped());
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      // What is refused half read is read on and discarded, so that the caller gets the answer.
      if (bytes > bytesMax) reject(tooLarge(spec, bytesMax));
      else chunks.push(chunk);
    });
    request.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
    request.on('error', () => reject(new BodyStopped()));
    request.on('close', () => reading.delete(request));
    reading.set(request, performance.now());
  });
}

const tooLarge = ({ refusal = 'too_large' }: BodySpec, bytesMax: number): Problem =>
  new Problem(refusal, `The body may have at most ${bytesMax} bytes.`);

/** Parses JSON, or newline-delimited JSON as if its lines were a list inside of it. */
export function parseBody(request: IncomingMessage, body: Buffer, { linesAs, raw }: BodySpec): unknown {
  if (raw) return body;
  if (!isUtf8(body)) throw new Problem('malformed_json', 'The body is not UTF-8.');
  const content = body.toString('utf8');
  if (linesAs === undefined || mediaTypeOf(request) !== NDJSON) return parseJson(content, 'The body');
  const lines = content
    .split('\n')
    .flatMap((line, index) => (line.trim() === '' ? [] : [parseJson(line, `Line ${index + 1}`)]));
  return { [linesAs]: lines };
}

function parseJson(content: string, what: string): unknown {
  const parsed = parseStrictJson(content);
  switch (parsed.kind) {
    case 'parsed':
      return parsed.value;
    case 'malformed':
      throw new Problem('malformed_json', `${what} is not JSON: ${parsed.because}`);
    case 'repeated_name':
      throw new Problem('invalid_request', `${what} has ${repeatedName(parsed.name)}: which of the two is meant?`);
  }
}

const isEmpty = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0;

const mediaTypeOf = (request: IncomingMessage): string =>
  (request.headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase();
