/** An inference gateway that speaks OpenAI's chat completions: holds an estimate, generates, settles by the real tokens. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  ApiError,
  denialOf,
  denialOfError,
  denialOfStranger,
  sendDenial,
  type BallastClient,
  type Hold,
} from '../../client/index.js';
import { openReply, sendFailure, type Usage } from './chatReply.js';
import { readChatRequest, Refusal, type ChatRequest } from './chatRequest.js';
import type { Model } from './stubModel.js';

export type GatewayOptions = {
  ballast: BallastClient;
  /** API key → account. */
  accounts: ReadonlyMap<string, string>;
  model: Model;
  /** Told what the caller must not suffer from: usage that could not be charged, a hold that is left to expire, a model that failed. */
  onError(error: unknown): void;
  /** A caller who reads nothing for so long is cut off. @default 30_000 */
  stallMsMax?: number;
};

export type Gateway = {
  listen(port: number, host: string): Promise<{ port: number }>;
  /** Takes nothing new; resolves when all that is under way is answered and settled. */
  close(): Promise<void>;
};

export function createGateway(options: GatewayOptions): Gateway {
  const underWay = new Set<Promise<void>>();
  const server = createServer((request, response) => {
    const work = answer(options, request, response).catch((error: unknown) => sendError(options, response, error));
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

async function answer(options: GatewayOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { ballast, accounts, model } = options;
  if (request.method !== 'POST' || request.url !== '/v1/chat/completions')
    throw new Refusal(404, 'not_found', `There is nothing at ${request.method} ${request.url}.`);
  const account = accounts.get(request.headers.authorization?.replace(/^Bearer /i, '') ?? '');
  if (account === undefined) return sendDenial(response, denialOfStranger('openai'));
  // From memory: a caller without money costs us nothing.
  const verdict = ballast.gate.check(account);
  if (!verdict.allowed) return sendDenial(response, denialOf(verdict, 'openai'));

  const chat = await readChatRequest(request, model);
  const inputTokens = model.countTokens(chat.messages);
  const hold = await ballast.hold(account, {
    estimate: { model: model.name, inputTokens, maxOutputTokens: chat.tokensMax * chat.choices },
  });
  await complete(options, { chat, inputTokens, hold }, response);
}

type Work = { chat: ChatRequest; inputTokens: number; hold: Hold };

/** However it ends, what was generated is billed: the caller may have gone, the model may have failed in mid-stream. */
async function complete(
  options: GatewayOptions,
  { chat, inputTokens, hold }: Work,
  response: ServerResponse,
): Promise<void> {
  const { model, onError, stallMsMax = 30_000 } = options;
  const gone = new AbortController();
  const leave = (): void => gone.abort();
  response.on('close', leave);
  if (response.destroyed) leave();
  const id = `chatcmpl-${randomUUID()}`;
  const usage: Usage = { inputTokens, outputTokens: 0 };
  const reply = openReply(response, { id, model: model.name, chat, stallMsMax });
  let isComplete = false;
  try {
    for (let choice = 0; choice < chat.choices && !gone.signal.aborted; choice++) {
      const before = usage.outputTokens;
      for await (const token of model.generate(chat.messages, chat.tokensMax, gone.signal)) {
        usage.outputTokens += 1;
        await reply.token(choice, token);
      }
      if (!gone.signal.aborted) reply.finish(choice, usage.outputTokens - before < chat.tokensMax ? 'stop' : 'length');
    }
    isComplete = !gone.signal.aborted;
  } catch (error) {
    // Our failure, and the caller has got nothing of it.
    if (!response.headersSent && !gone.signal.aborted) usage.outputTokens = 0;
    throw error;
  } finally {
    response.off('close', leave);
    const isNothing = usage.outputTokens === 0 && !isComplete;
    await (isNothing ? hold.release() : hold.settle({ id, model: model.name, ...usage })).catch(onError);
  }
  // Last, so that who has read the end finds it charged.
  if (isComplete) reply.end(usage);
}

function sendError({ onError }: GatewayOptions, response: ServerResponse, error: unknown): void {
  const denial = denialOfError(error, 'openai');
  const isExpected = denial !== null || error instanceof Refusal || response.destroyed;
  if (!isExpected) onError(error);
  if (response.destroyed) return;
  if (denial) return sendDenial(response, denial);
  if (error instanceof Refusal) return sendFailure(response, error.status, error.code, error.message);
  sendFailure(response, 503, error instanceof ApiError ? error.code : 'unavailable', 'Not available now; ask again.');
}
