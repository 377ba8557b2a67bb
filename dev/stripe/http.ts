// Small helpers over node:http: reading a body, sending an answer, losing a connection on purpose.
import type { IncomingMessage, ServerResponse } from 'node:http';

export type Log = { error(details: object, message: string): void; info(details: object, message: string): void };

const BODY_BYTES_MAX = 1_000_000;

export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) throw new Error(`The body is larger than ${BODY_BYTES_MAX} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

export function send(
  response: ServerResponse,
  status: number,
  body: string,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    ...headers,
  });
  response.end(body);
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  send(response, status, JSON.stringify(body));
}

export function sendHtml(response: ServerResponse, status: number, html: string): void {
  send(response, status, html, { 'content-type': 'text/html; charset=utf-8' });
}

/** After a form: the browser goes on with a GET. */
export function redirect(response: ServerResponse, location: string): void {
  send(response, 303, '', { location });
}
