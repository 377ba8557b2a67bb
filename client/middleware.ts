/** Lets requests through as the gate says: for Express (and all that takes its middleware), and for plain node:http. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { denialOf, denialOfStranger, type Denial, type Shape } from './denial.js';
import type { GateReplica } from './gate.js';

export type GateKeeping<Request extends IncomingMessage = IncomingMessage> = {
  /** Whose request it is, told by what your own authentication has found; undefined is answered with 401. */
  account(request: Request): string | undefined;
  /** How a refusal looks: 402 `application/problem+json`, or 429 `insufficient_quota` as OpenAI has it. @default 'problem' */
  shape?: Shape;
};

type Gates = { gate: Pick<GateReplica, 'allows' | 'check'> };

/** `app.use('/v1', gateMiddleware(ballast, { account: (request) => request.user.accountId }))` */
export function gateMiddleware<Request extends IncomingMessage>(client: Gates, keeping: GateKeeping<Request>) {
  return (request: Request, response: ServerResponse, next: (error?: unknown) => void): void => {
    const denial = judge(client, keeping, request);
    if (denial) sendDenial(response, denial);
    else next();
  };
}

/** `createServer(guarded(ballast, { account }, handler))` */
export function guarded(client: Gates, keeping: GateKeeping, handler: RequestListener): RequestListener {
  return (request, response) => {
    const denial = judge(client, keeping, request);
    if (denial) sendDenial(response, denial);
    else handler(request, response);
  };
}

export function sendDenial(response: ServerResponse, { status, headers, body }: Denial): void {
  response.writeHead(status, { ...headers, 'Cache-Control': 'no-store', 'Content-Length': Buffer.byteLength(body) }).end(body);
}

function judge<Request extends IncomingMessage>({ gate }: Gates, { account, shape = 'problem' }: GateKeeping<Request>, request: Request): Denial | null {
  const accountId = account(request);
  if (accountId === undefined) return denialOfStranger(shape);
  if (gate.allows(accountId)) return null;
  const verdict = gate.check(accountId);
  return verdict.allowed ? null : denialOf(verdict, shape);
}
