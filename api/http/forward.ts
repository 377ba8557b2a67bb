/** Hands files and batches on to a process of their own: bytes pass through here, and nothing is looked at (L5). */
import { Agent, request as ask, type IncomingMessage, type RequestOptions, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';
import type { Logger } from 'pino';
import { unavailable } from '../../domain/errors';
import { toReply } from './problems';
import { toRequestId } from './requestId';
import { send } from './send';

/** Whether the request is such a one; then it is answered. */
export type Forward = (request: IncomingMessage, response: ServerResponse) => boolean;

const FORWARDED = /^\/v1\/(?:files|batches|accounts\/[^/?]+\/evaluation-datasets)(?:[/?]|$)/;
/** Of this connection, not of the request. */
const HOP_BY_HOP = ['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'upgrade', 'expect'];

export function createForward(url: string, log: Pick<Logger, 'warn'>): Forward {
  const { hostname, port } = new URL(url);
  const agent = new Agent({ keepAlive: true });

  return (request, response) => {
    if (!FORWARDED.test(request.url!)) return false;
    const requestId = toRequestId(request.headers['x-request-id']);
    const headers: RequestOptions['headers'] = { ...request.headers, 'x-request-id': requestId };
    for (const name of HOP_BY_HOP) delete headers[name];
    const asked = ask({ hostname, port, agent, method: request.method, path: request.url, headers });

    asked.on('response', (answer) => {
      const answered = { ...answer.headers };
      for (const name of HOP_BY_HOP) delete answered[name];
      response.writeHead(answer.statusCode!, answered);
      // Who has gone is not sent to, and what broke off is seen to have broken off.
      pipeline(answer, response, () => asked.destroy());
      // What is left of a refused upload is read and dropped, so that its sender hears the answer.
      request.unpipe(asked);
      request.resume();
    });
    asked.on('error', (error) => {
      if (response.headersSent) return void response.destroy();
      log.warn({ err: error, requestId }, 'the process of files and batches can not be reached');
      response.setHeader('X-Request-Id', requestId);
      send(
        response,
        toReply(unavailable('batches_unavailable', 'Files and batches can not be reached now.'), 'openai'),
      );
      request.resume();
    });
    request.on('aborted', () => asked.destroy());
    request.on('error', () => asked.destroy());
    request.pipe(asked);
    return true;
  };
}
