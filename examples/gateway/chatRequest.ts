/** What a caller asks of `POST /v1/chat/completions`: the part of OpenAI's request that this gateway knows. */
import type { IncomingMessage } from 'node:http';
import type { Message, Model } from './stubModel.js';

export type ChatRequest = { messages: Message[]; tokensMax: number; stream: boolean; includeUsage: boolean };

/** Answered in OpenAI's shape. */
export class Refusal extends Error {
  constructor(readonly status: number, readonly code: string, message: string) {
    super(message);
  }
}

const BODY_BYTES_MAX = 1024 * 1024;

export async function readChatRequest(request: IncomingMessage, model: Model): Promise<ChatRequest> {
  const body = await readJson(request);
  if (body.model !== model.name) throw new Refusal(404, 'model_not_found', `The model ${JSON.stringify(body.model)} does not exist here.`);
  const wanted = body.max_completion_tokens ?? body.max_tokens ?? model.outputTokensMax;
  if (!Number.isInteger(wanted) || (wanted as number) < 1) throw new Refusal(400, 'invalid_value', 'max_tokens must be a whole number from 1.');
  return {
    messages: messagesOf(body.messages),
    tokensMax: Math.min(wanted as number, model.outputTokensMax),
    stream: body.stream === true,
    includeUsage: (body.stream_options as { include_usage?: unknown } | null | undefined)?.include_usage === true,
  };
}

async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) throw new Refusal(413, 'request_too_large', `A request may have at most ${BODY_BYTES_MAX} bytes.`);
    chunks.push(chunk);
  }
  try {
    const body = JSON.parse(Buffer.concat(chunks).toString()) as unknown;
    if (typeof body === 'object' && body !== null) return body as Record<string, unknown>;
  } catch {
    // Told below, as for JSON that is no object.
  }
  throw new Refusal(400, 'invalid_json', 'The body must be a JSON object.');
}

/** Content is text, or a list of parts of which the text counts. */
function messagesOf(given: unknown): Message[] {
  if (!Array.isArray(given) || given.length === 0) throw new Refusal(400, 'invalid_value', 'messages must be a list of at least one message.');
  return (given as { role?: unknown; content?: unknown }[]).map((message) => {
    if (typeof message?.role !== 'string') throw new Refusal(400, 'invalid_value', 'Each message must have a role.');
    return { role: message.role, content: textOf(message.content) };
  });
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return (content as { text?: unknown }[]).map((part) => (typeof part?.text === 'string' ? part.text : '')).join('');
}
