/** Lets requests through as the gate says: for Express (and all that takes its middleware), and for plain node:http. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { denialOf, denialOfFailure, denialOfStranger, type Denial, type Shape } from './denial.js';
import type { GateReplica } from './gate.js';

/** Whom a request belongs to, and how a refusal looks. */
export type GateKeeping<Request extends IncomingMessage = IncomingMessage> = {
  /** Whose request it is, told by what your own authentication has found: not a promise. None is answered with 401. */
  account(request: Request): string | null | undefined;
  /** How a refusal looks: 402 `application/problem+json`, or 429 `insufficient_quota` as OpenAI has it. @default 'problem' */
  shape?: Shape;
};

type Gates = { gate: Pick<GateReplica, 'allows' | 'check'> };

/** For Express: `app.use('/v1', gateMiddleware(ballast, { account: (request: express.Request) => request.user?.accountId }))` */
export function gateMiddleware<Request extends IncomingMessage>(client: Gates, keeping: GateKeeping<Request>) {
  return (request: Request, response: ServerResponse, next: (error?: unknown) => void): void => {
    const denial = judge(client, keeping, request);
    if (denial) sendDenial(response, denial);
    else next();
  };
}

/** For node:http: `createServer(guarded(ballast, { account }, handler))`. What `account` throws is answered with 500, and told by a process warning. */
export function guarded(client: Gates, keeping: GateKeeping, handler: RequestListener): RequestListener {
  return (request, response) => {
    const denial = judgeOrFail(client, keeping, request);
    if (denial) sendDenial(response, denial);
    else handler(request, response);
  };
}

/** Answers with it. */
export function sendDenial(response: ServerResponse, { status, headers, body }: Denial): void {
  response
    .writeHead(status, { ...headers, 'Cache-Control': 'no-store', 'Content-Length': Buffer.byteLength(body) })
    .end(body);
}

function judge<Request extends IncomingMessage>(
  { gate }: Gates,
  { account, shape = 'problem' }: GateKeeping<Request>,
  request: Request,
): Denial | null {
  const accountId = account(request);
  if (accountId === undefined || accountId === null) return denialOfStranger(shape);
  if (typeof accountId !== 'string')
    throw new TypeError(`account() gave ${String(accountId)}: it must give an account's id, or undefined.`);
  if (gate.allows(accountId)) return null;
  const verdict = gate.check(accountId);
  return verdict.allowed ? null : denialOf(verdict, shape);
}

/** Without Express nobody catches what is thrown, and one odd request would end the process. */
function judgeOrFail(client: Gates, keeping: GateKeeping, request: IncomingMessage): Denial | null {
  try {
    return judge(client, keeping, request);
  } catch (error) {
    process.emitWarning(`account() has thrown: ${String(error)}`, 'BallastWarning', 'ballast_callback');
    return denialOfFailure(keeping.shape ?? 'problem');
  }
}
