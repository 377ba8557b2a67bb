/** Hands files and batches on to a process of their own: bytes pass through here, and nothing is looked at (L5). */
import {
  Agent,
  request as ask,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from 'node:http';
import { pipeline } from 'node:stream';
import type { Logger } from 'pino';
import { unavailable } from '../../domain/errors';
import { BODY_MS_MAX } from './body';
import { toReply } from './problems';
import { toRequestId } from './requestId';
import { send } from './send';

/** Whether the request is such a one; then it is answered. */
export type Forward = (request: IncomingMessage, response: ServerResponse) => boolean;

const FORWARDED = /^\/v1\/(?:files|batches|accounts\/[^/?]+\/evaluation-datasets)(?:[/?]|$)/;
/** Of this connection, not of the request. */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'upgrade', 'expect']);

const endToEnd = (headers: IncomingHttpHeaders): OutgoingHttpHeaders =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name)));

/** What changes nothing and has no body: sent twice, it does no harm. */
const mayRepeat = ({ method, headers }: IncomingMessage): boolean =>
  (method === 'GET' || method === 'HEAD') &&
  headers['transfer-encoding'] === undefined &&
  Number(headers['content-length'] ?? 0) === 0;

export function createForward(url: string, log: Pick<Logger, 'warn'>): Forward {
  const { hostname, port } = new URL(url);
  const kept = new Agent({ keepAlive: true });
  /** The other process may close a kept connection just as a request goes out on it: nobody knows then whether it was heard. */
  const fresh = new Agent({ keepAlive: false });

  return (request, response) => {
    if (!FORWARDED.test(request.url!)) return false;
    const requestId = toRequestId(request.headers['x-request-id']);
    const headers = endToEnd(request.headers);
    headers['x-request-id'] = requestId;
    headers['x-forwarded-for'] = [request.headers['x-forwarded-for'], request.socket.remoteAddress]
      .flat()
      .filter(Boolean)
      .join(', ');
    // Also on a fresh connection: the other process would close it upon its answer, and what it has not read of an upload
    // that it refuses would then take the answer with it.
    headers.connection = 'keep-alive';
    let hasGone = false;
    let cameMs = performance.now();
    request.on('data', () => (cameMs = performance.now()));
    // The other process ends a body that stops coming: nothing is wrong with it then.
    const hasStalled = (): boolean => !request.complete && performance.now() - cameMs >= BODY_MS_MAX;

    const handOn = (agent: Agent): ClientRequest => {
      const asked = ask({ hostname, port, agent, method: request.method, path: request.url, headers });
      asked.on('response', (answer) => {
        response.writeHead(answer.statusCode!, endToEnd(answer.headers));
        // Who has gone is not sent to, and what broke off is seen to have broken off.
        pipeline(answer, response, () => asked.destroy());
        // What is left of a refused upload is read and dropped, so that its sender hears the answer.
        request.unpipe(asked);
        request.resume();
      });
      asked.on('error', (error) => {
        if (hasGone || hasStalled() || response.headersSent) return void response.destroy();
        if (asked.reusedSocket) return void (current = handOn(fresh));
        log.warn({ err: error, requestId }, 'the process of files and batches can not be reached');
        response.setHeader('X-Request-Id', requestId);
        send(
          response,
          toReply(
            unavailable('batches_unavailable', 'Files and batches can not be reached now.'),
            request.url!.startsWith('/v1/accounts/') ? 'problem' : 'openai',
          ),
        );
        request.resume();
      });
      request.pipe(asked);
      return asked;
    };
    let current = handOn(mayRepeat(request) ? kept : fresh);
    // Its sender breaks it off, or does not wait for the answer: then nothing is wrong with the other process, which is told.
    const leave = (): void => {
      hasGone = true;
      current.destroy();
    };
    request.on('error', leave);
    response.on('close', leave);
    return true;
  };
}
