/** How a chat completion is written: whole, or token by token as Server-Sent Events. */
import type { ServerResponse } from 'node:http';
import type { ChatRequest } from './chatRequest.js';

export type Usage = { inputTokens: number; outputTokens: number };
export type FinishReason = 'stop' | 'length';
export type Reply = { token(text: string): Promise<void>; end(reason: FinishReason, usage: Usage): void };

export function openReply(response: ServerResponse, id: string, model: string, { stream, includeUsage }: ChatRequest): Reply {
  const base = { id, created: Math.floor(Date.now() / 1_000), model };
  return stream ? streamed(response, base, includeUsage) : whole(response, base);
}

type Base = { id: string; created: number; model: string };

function whole(response: ServerResponse, base: Base): Reply {
  let content = '';
  return {
    token(text) {
      content += text;
      return Promise.resolve();
    },
    end(reason, usage) {
      const choice = { index: 0, message: { role: 'assistant', content, refusal: null }, logprobs: null, finish_reason: reason };
      sendJson(response, 200, { ...base, object: 'chat.completion', choices: [choice], usage: toUsage(usage) });
    },
  };
}

function streamed(response: ServerResponse, base: Base, includeUsage: boolean): Reply {
  const send = (data: string): boolean => response.write(`data: ${data}\n\n`);
  const chunk = (delta: object, reason: FinishReason | null): boolean =>
    send(JSON.stringify({ ...base, object: 'chat.completion.chunk', choices: [{ index: 0, delta, logprobs: null, finish_reason: reason }] }));
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
  chunk({ role: 'assistant', content: '' }, null);
  return {
    /** A caller who reads slowly is generated for slowly. */
    async token(text) {
      if (!chunk({ content: text }, null)) await drained(response);
    },
    end(reason, usage) {
      chunk({}, reason);
      if (includeUsage) send(JSON.stringify({ ...base, object: 'chat.completion.chunk', choices: [], usage: toUsage(usage) }));
      send('[DONE]');
      response.end();
    },
  };
}

const toUsage = ({ inputTokens, outputTokens }: Usage) =>
  ({ prompt_tokens: inputTokens, completion_tokens: outputTokens, total_tokens: inputTokens + outputTokens });

/** Also when the caller has gone. */
const drained = (response: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    if (response.destroyed) return resolve();
    const done = (): void => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });

export function sendJson(response: ServerResponse, status: number, body: object): void {
  const content = JSON.stringify(body);
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(content) }).end(content);
}
