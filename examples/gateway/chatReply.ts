/** How a chat completion is written: whole, or token by token as Server-Sent Events. */
import type { ServerResponse } from 'node:http';
import type { ChatRequest } from './chatRequest.js';

export type Usage = { inputTokens: number; outputTokens: number };
export type FinishReason = 'stop' | 'length';
export type Reply = {
  /** Of the choice; resolves when the caller can take more. */
  token(choice: number, text: string): Promise<void>;
  finish(choice: number, reason: FinishReason): void;
  end(usage: Usage): void;
};

export type ReplyOptions = {
  id: string;
  model: string;
  chat: ChatRequest;
  /** A caller who reads nothing for so long is cut off: the account's money would stay held for it. */
  stallMsMax: number;
};

export function openReply(response: ServerResponse, { id, model, chat, stallMsMax }: ReplyOptions): Reply {
  const base = { id, created: Math.floor(Date.now() / 1_000), model };
  return chat.stream ? streamed(response, base, chat.includeUsage, stallMsMax) : whole(response, base, chat.choices);
}

/** A proxy such as nginx would gather tokens before it passes them on: it is told not to. */
const STREAM = { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache', 'X-Accel-Buffering': 'no' };

type Base = { id: string; created: number; model: string };

function whole(response: ServerResponse, base: Base, choiceCount: number): Reply {
  const contents = Array.from({ length: choiceCount }, () => '');
  const reasons: FinishReason[] = [];
  return {
    token(choice, text) {
      contents[choice] += text;
      return Promise.resolve();
    },
    finish(choice, reason) {
      reasons[choice] = reason;
    },
    end(usage) {
      const choices = contents.map((content, index) => ({
        index,
        message: { role: 'assistant', content, refusal: null },
        logprobs: null,
        finish_reason: reasons[index],
      }));
      sendJson(response, 200, { ...base, object: 'chat.completion', choices, usage: toUsage(usage) });
    },
  };
}

function streamed(response: ServerResponse, base: Base, includeUsage: boolean, stallMsMax: number): Reply {
  const begun = new Set<number>();
  const chunk = (index: number, delta: object, reason: FinishReason | null): boolean =>
    sendEvent(response, {
      ...base,
      object: 'chat.completion.chunk',
      choices: [{ index, delta, logprobs: null, finish_reason: reason }],
    });
  /** Not before there is something to say: a model that fails at once can still be answered with a status. */
  function begin(index: number): void {
    if (!response.headersSent) response.writeHead(200, STREAM);
    if (!begun.has(index)) chunk(index, { role: 'assistant', content: '' }, null);
    begun.add(index);
  }
  return {
    /** A caller who reads slowly is generated for slowly. */
    async token(choice, text) {
      begin(choice);
      if (!chunk(choice, { content: text }, null)) await drained(response, stallMsMax);
    },
    finish(choice, reason) {
      begin(choice);
      chunk(choice, {}, reason);
    },
    end(usage) {
      if (includeUsage)
        sendEvent(response, { ...base, object: 'chat.completion.chunk', choices: [], usage: toUsage(usage) });
      response.end('data: [DONE]\n\n');
    },
  };
}

const toUsage = ({ inputTokens, outputTokens }: Usage) => ({
  prompt_tokens: inputTokens,
  completion_tokens: outputTokens,
  total_tokens: inputTokens + outputTokens,
});

/** Also when the caller has gone, or is sent away for reading nothing. */
const drained = (response: ServerResponse, stallMsMax: number): Promise<void> =>
  new Promise((resolve) => {
    if (response.destroyed) return resolve();
    const stalled = setTimeout(() => response.destroy(), stallMsMax);
    const done = (): void => {
      clearTimeout(stalled);
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });

/** Says whether there is room for more. */
const sendEvent = (response: ServerResponse, data: object): boolean =>
  response.write(`data: ${JSON.stringify(data)}\n\n`);

export function sendJson(response: ServerResponse, status: number, body: object): void {
  const content = JSON.stringify(body);
  response
    .writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(content) })
    .end(content);
}

/** In OpenAI's shape: as an answer, or as the last event of a stream that has begun; its client libraries throw both. */
export function sendFailure(response: ServerResponse, status: number, code: string, message: string): void {
  const error = { message, type: status < 500 ? 'invalid_request_error' : 'server_error', param: null, code };
  if (!response.headersSent) return sendJson(response, status, { error });
  sendEvent(response, { error });
  response.end();
}
