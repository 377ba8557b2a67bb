/** An inference gateway that speaks OpenAI's chat completions: holds an estimate, generates, settles by the real tokens. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApiError, denialOf, denialOfError, denialOfStranger, sendDenial, type BallastClient, type Hold } from '../../client/index.js';
import { openReply, sendJson, type Usage } from './chatReply.js';
import { readChatRequest, Refusal, type ChatRequest } from './chatRequest.js';
import type { Model } from './stubModel.js';

export type GatewayOptions = {
  ballast: BallastClient;
  /** API key → account. */
  accounts: ReadonlyMap<string, string>;
  model: Model;
};

export type Gateway = {
  listen(port: number, host: string): Promise<{ port: number }>;
  /** Takes nothing new; resolves when all that is under way is answered and settled. */
  close(): Promise<void>;
};

export function createGateway(options: GatewayOptions): Gateway {
  const underWay = new Set<Promise<void>>();
  const server = createServer((request, response) => {
    const work = answer(options, request, response).catch((error: unknown) => sendError(response, error));
    underWay.add(work);
    void work.finally(() => underWay.delete(work));
  });
  return {
    async listen(port, host) {
      server.listen(port, host);
      await once(server, 'listening');
      return { port: (server.address() as AddressInfo).port };
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      await Promise.all(underWay);
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer({ ballast, accounts, model }: GatewayOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== 'POST' || request.url !== '/v1/chat/completions') throw new Refusal(404, 'not_found', `There is nothing at ${request.method} ${request.url}.`);
  const account = accounts.get(request.headers.authorization?.replace(/^Bearer /i, '') ?? '');
  if (account === undefined) return sendDenial(response, denialOfStranger('openai'));
  // From memory: a caller without money costs us nothing.
  const verdict = ballast.gate.check(account);
  if (!verdict.allowed) return sendDenial(response, denialOf(verdict, 'openai'));

  const chat = await readChatRequest(request, model);
  const inputTokens = model.countTokens(chat.messages);
  const hold = await ballast.hold(account, { estimate: { model: model.name, inputTokens, maxOutputTokens: chat.tokensMax } });
  await generate(model, chat, inputTokens, hold, response);
}

/** However it ends, what was generated is billed: the caller may have gone, the model may have failed half way. */
async function generate(model: Model, chat: ChatRequest, inputTokens: number, hold: Hold, response: ServerResponse): Promise<void> {
  const gone = new AbortController();
  const leave = (): void => gone.abort();
  response.on('close', leave);
  if (response.destroyed) leave();
  const usage: Usage = { inputTokens, outputTokens: 0 };
  const id = `chatcmpl-${randomUUID()}`;
  try {
    const reply = openReply(response, id, model.name, chat);
    for await (const token of model.generate(chat.messages, chat.tokensMax, gone.signal)) {
      usage.outputTokens += 1;
      await reply.token(token);
    }
    await hold.settle({ id, model: model.name, ...usage });
    if (!gone.signal.aborted) reply.end(usage.outputTokens < chat.tokensMax ? 'stop' : 'length', usage);
  } catch (error) {
    await (usage.outputTokens > 0 ? hold.settle({ id, model: model.name, ...usage }) : hold.release());
    throw error;
  } finally {
    response.off('close', leave);
  }
}

function sendError(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) return void response.destroy();
  const denial = denialOfError(error, 'openai');
  if (denial) return sendDenial(response, denial);
  const { status, code } = error instanceof Refusal ? error : { status: 503, code: error instanceof ApiError ? error.code : 'unavailable' };
  const message = error instanceof Refusal ? error.message : 'Not available now; ask again.';
  sendJson(response, status, { error: { message, type: status < 500 ? 'invalid_request_error' : 'server_error', param: null, code } });
}
