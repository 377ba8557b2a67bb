/** Writes a reply to the connection: the one place where answers of routes, with or without Express, are written. */
import type { ServerResponse } from 'node:http';
import type { Reply } from './endpoint';

const JSON_TYPE = 'application/json; charset=utf-8';

export function send(response: ServerResponse, { status, body, json, headers, stream, dispose }: Reply): void {
  if (response.destroyed) return dispose?.();
  const content = json ?? (body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body));
  response.statusCode = status;
  if (content !== '') response.setHeader('Content-Type', JSON_TYPE);
  for (const [name, value] of Object.entries(headers ?? {})) response.setHeader(name, value);
  if (stream && response.req.method !== 'HEAD') return stream(response);
  dispose?.();
  // How long a stream would be, only its own headers can say.
  if (status !== 204 && !stream) response.setHeader('Content-Length', Buffer.byteLength(content));
  response.end(content);
}
