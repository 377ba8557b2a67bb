/** Reads a request's body: bounded, in a format the endpoint takes, as JSON. */
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { Problem } from '../domain/errors';
import type { BodySpec } from './endpoint';

/** Enough for any request but usage, which has its own. */
export const BODY_BYTES_MAX = 128 * 1024;
const NDJSON = 'application/x-ndjson';
const JSON_TYPE = 'application/json';

/** The formats an endpoint takes. */
export const typesOf = (spec: BodySpec): string[] => (spec.linesAs === undefined ? [JSON_TYPE] : [JSON_TYPE, NDJSON]);

/** 413 and 415 come before what the body says. */
export async function readBody(request: IncomingMessage, spec: BodySpec): Promise<Buffer> {
  const bytesMax = spec.bytesMax ?? BODY_BYTES_MAX;
  const tooLarge = new Problem(spec.refusal ?? 'too_large', `The body may have at most ${bytesMax} bytes.`);
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) throw tooLarge;
  if (spec.optional && isEmpty(request)) return Buffer.from('{}');
  const types = typesOf(spec);
  if (!spec.raw && (!types.includes(contentType(request)) || (request.headers['content-encoding'] ?? 'identity') !== 'identity')) {
    throw new Problem('unsupported_media_type', `Send the body as ${types.join(' or ')}, not compressed.`);
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  // What is refused half read stays readable: Node discards the rest, and the caller gets the answer.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw tooLarge;
    chunks.push(chunk);
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}

/** Parses JSON, or newline-delimited JSON as if its lines were a list inside of it. */
export function parseBody(request: IncomingMessage, body: Buffer, { linesAs, raw }: BodySpec): unknown {
  if (raw) return body;
  if (!isUtf8(body)) throw new Problem('malformed_json', 'The body is not UTF-8.');
  const content = body.toString('utf8');
  if (linesAs === undefined || contentType(request) !== NDJSON) return parseJson(content, 'The body');
  const lines = content.split('\n').flatMap((line, index) => (line.trim() === '' ? [] : [parseJson(line, `Line ${index + 1}`)]));
  return { [linesAs]: lines };
}

function parseJson(content: string, what: string): unknown {
  try {
    return JSON.parse(content);
  } catch (error) {
    throw new Problem('malformed_json', `${what} is not JSON: ${content.trim() === '' ? 'it is empty' : (error as Error).message}`);
  }
}

const isEmpty = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0;

const contentType = (request: IncomingMessage): string => (request.headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase();
