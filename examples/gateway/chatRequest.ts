/** What a caller asks of `POST /v1/chat/completions`: the part of OpenAI's request that this gateway knows. */
import type { IncomingMessage } from 'node:http';
import type { Message, Model } from './stubModel.js';

export type ChatRequest = {
  messages: Message[];
  /** OpenAI's `n`: each is generated, and charged. */
  choices: number;
  /** Of one choice. */
  tokensMax: number;
  stream: boolean;
  includeUsage: boolean;
};

/** Answered in OpenAI's shape. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

const BODY_BYTES_MAX = 1024 * 1024;
/** So much more is read of a body that is too large, or its sender would never read why. */
const EXCESS_BYTES_MAX = 16 * BODY_BYTES_MAX;
const CHOICES_MAX = 16;
/** What would cost more than the estimate knows of. */
const UNSUPPORTED = ['tools', 'functions', 'audio', 'prediction'] as const;

export async function readChatRequest(request: IncomingMessage, model: Model): Promise<ChatRequest> {
  const body = await readJson(request);
  if (body.model !== model.name)
    throw new Refusal(404, 'model_not_found', `The model ${JSON.stringify(body.model)} does not exist here.`);
  const unsupported = UNSUPPORTED.find((name) => (body[name] ?? null) !== null);
  if (unsupported !== undefined)
    throw new Refusal(400, 'unsupported_parameter', `${unsupported} is not supported here.`);
  const wanted = wholeFrom1(body.max_completion_tokens ?? body.max_tokens ?? model.outputTokensMax, 'max_tokens');
  const choices = wholeFrom1(body.n ?? 1, 'n');
  if (choices > CHOICES_MAX) throw new Refusal(400, 'invalid_value', `n must be from 1 to ${CHOICES_MAX}.`);
  return {
    messages: messagesOf(body.messages),
    choices,
    tokensMax: Math.min(wanted, model.outputTokensMax),
    stream: body.stream === true,
    includeUsage: (body.stream_options as { include_usage?: unknown } | null | undefined)?.include_usage === true,
  };
}

function wholeFrom1(given: unknown, name: string): number {
  if (!Number.isInteger(given) || (given as number) < 1)
    throw new Refusal(400, 'invalid_value', `${name} must be a whole number from 1.`);
  return given as number;
}

async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > EXCESS_BYTES_MAX) break; // which ends the connection
    if (bytes <= BODY_BYTES_MAX) chunks.push(chunk);
  }
  if (bytes > BODY_BYTES_MAX)
    throw new Refusal(413, 'request_too_large', `A request may have at most ${BODY_BYTES_MAX} bytes.`);
  try {
    const body = JSON.parse(Buffer.concat(chunks).toString()) as unknown;
    if (typeof body === 'object' && body !== null) return body as Record<string, unknown>;
  } catch {
    // Told below, as for JSON that is no object.
  }
  throw new Refusal(400, 'invalid_json', 'The body must be a JSON object.');
}

/** Content is text, or a list of parts that are text. */
function messagesOf(given: unknown): Message[] {
  if (!Array.isArray(given) || given.length === 0)
    throw new Refusal(400, 'invalid_value', 'messages must be a list of at least one message.');
  return (given as { role?: unknown; content?: unknown }[]).map((message) => {
    if (typeof message?.role !== 'string') throw new Refusal(400, 'invalid_value', 'Each message must have a role.');
    return { role: message.role, content: textOf(message.content) };
  });
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return (content as { text?: unknown }[])
    .map((part) => {
      if (typeof part?.text !== 'string')
        throw new Refusal(400, 'invalid_value', 'Only parts of text are understood here.');
      return part.text;
    })
    .join('');
}
