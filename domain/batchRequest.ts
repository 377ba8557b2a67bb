/** One line of a batch file: a request of text for one model (L2). What counts for limits and price is taken from it. */
import {
  BATCH_ENDPOINTS,
  CUSTOM_ID_LENGTH_MAX,
  isBatchEndpoint,
  type BatchEndpoint,
  type FileErrorCode,
} from './batch';

export type BatchRequest = {
  customId: string;
  url: BatchEndpoint;
  model: string;
  /** The largest output one answer may have, as the request says; null when it does not say. */
  maxOutputTokens: number | null;
  /** How many answers it asks for. */
  answers: number;
  /** How many messages it has: each costs some tokens beside its text. */
  messages: number;
  body: Record<string, unknown>;
};
/** What is wrong with a line, without its number. */
export type LineFault = { code: FileErrorCode; message: string; param: string | null };

/** Postgres takes no NUL, and what is half a character would come back as another one: two ids could become the same. */
export const isStorable = (customId: string): boolean => !/[\0\p{Cs}]/u.test(customId);

export const isFault = (checked: BatchRequest | LineFault): checked is LineFault => 'code' in checked;

const TOKENS_MAX = 10_000_000;
const ANSWERS_MAX = 128;
const MODEL = /^[\x20-\x7e]{1,128}$/;

/** Checks a parsed line. The model is a name here; whether it exists and suits is the file's question. */
export function checkRequest(line: unknown): BatchRequest | LineFault {
  if (!isObject(line)) return invalid('a line must be a JSON object', null);
  const { custom_id: customId, method, url, body } = line;
  if (typeof customId !== 'string' || customId.length === 0 || customId.length > CUSTOM_ID_LENGTH_MAX)
    return invalid(`custom_id must be text of 1 to ${CUSTOM_ID_LENGTH_MAX} characters`, 'custom_id');
  if (!isStorable(customId)) return invalid('custom_id must have no NUL and no half of a character', 'custom_id');
  if (method !== 'POST') return invalid('method must be "POST"', 'method');
  if (!isBatchEndpoint(url))
    return { code: 'url_mismatch', message: `url must be one of ${BATCH_ENDPOINTS.join(', ')}`, param: 'url' };
  if (!isObject(body)) return invalid('body must be an object', 'body');
  const { model } = body;
  if (typeof model !== 'string' || !MODEL.test(model))
    return invalid('body.model must be the name of a model', 'body.model');
  if (body.stream === true) return invalid('a batch has no streams: leave body.stream out', 'body.stream');

  const content = CONTENT[url](body);
  if (typeof content !== 'number') return content;
  const answers = wholeNumber(body, 'n', ANSWERS_MAX) ?? 1;
  if (typeof answers !== 'number') return answers;
  const maxOutputTokens = largestOutput(url, body);
  if (maxOutputTokens !== null && typeof maxOutputTokens !== 'number') return maxOutputTokens;
  return { customId, url, model, maxOutputTokens, answers, messages: content, body };
}

/** Checks what a body says in its endpoint's terms; answers how many messages it has. */
const CONTENT: Record<BatchEndpoint, (body: Record<string, unknown>) => number | LineFault> = {
  '/v1/chat/completions'({ messages, modalities, audio }) {
    if (
      modalities !== undefined &&
      modalities !== null &&
      !(Array.isArray(modalities) && modalities.every((one) => one === 'text'))
    )
      return onlyText('body.modalities');
    if (audio !== undefined && audio !== null) return onlyText('body.audio');
    return checkMessages(messages, 'body.messages', ['text', 'refusal']);
  },
  '/v1/responses'({ input, instructions, tools }) {
    if (instructions !== undefined && instructions !== null && typeof instructions !== 'string')
      return invalid('body.instructions must be text', 'body.instructions');
    if (Array.isArray(tools) && tools.some((tool) => isObject(tool) && tool.type === 'image_generation'))
      return onlyText('body.tools');
    if (typeof input === 'string') return input === '' ? invalid('body.input must not be empty', 'body.input') : 1;
    return checkItems(input);
  },
  '/v1/messages'({ messages, system, max_tokens: maxTokens }) {
    if (maxTokens === undefined) return invalid('body.max_tokens is required', 'body.max_tokens');
    if (system !== undefined && typeof system !== 'string') {
      const fault = checkParts(system, 'body.system', ['text']);
      if (fault) return fault;
    }
    return checkMessages(messages, 'body.messages', [
      'text',
      'tool_use',
      'tool_result',
      'thinking',
      'redacted_thinking',
    ]);
  },
};

function checkMessages(messages: unknown, path: string, parts: readonly string[]): number | LineFault {
  if (!Array.isArray(messages) || messages.length === 0) return invalid(`${path} must be a list of messages`, path);
  for (const [index, message] of messages.entries()) {
    const at = `${path}[${index}]`;
    if (!isObject(message) || typeof message.role !== 'string')
      return invalid(`${at} must be an object with a role`, at);
    const { content } = message;
    // An assistant's turn that only calls tools has none.
    if (content === undefined || content === null) {
      if (message.role === 'assistant') continue;
      return invalid(`${at}.content is required`, `${at}.content`);
    }
    const fault = typeof content === 'string' ? null : checkParts(content, `${at}.content`, parts);
    if (fault) return fault;
  }
  return messages.length;
}

/** Items of the Responses API: messages, and what tools were called with and answered. */
function checkItems(input: unknown): number | LineFault {
  const path = 'body.input';
  if (!Array.isArray(input) || input.length === 0) return invalid(`${path} must be text or a list of items`, path);
  for (const [index, item] of input.entries()) {
    const at = `${path}[${index}]`;
    if (!isObject(item)) return invalid(`${at} must be an object`, at);
    if (item.type === 'image_generation_call' || item.type === 'computer_call_output') return onlyText(at);
    if (item.content === undefined || item.content === null || typeof item.content === 'string') continue;
    const fault = checkParts(item.content, `${at}.content`, ['input_text', 'output_text', 'refusal', 'reasoning_text']);
    if (fault) return fault;
  }
  return input.length;
}

/** Items of the Responses API that are no text by themselves. */
const OTHER_ITEMS: ReadonlySet<unknown> = new Set(['input_image', 'input_file', 'input_audio']);
/** What tools answer in text; what has no type, such as a shell's output, is text as well. */
const TEXT_OUTPUTS: ReadonlySet<unknown> = new Set([undefined, 'input_text', 'output_text', 'text', 'refusal', 'logs']);

/**
 * What is not text beside the contents that `checkRequest` has looked at: an item of the Responses API by itself, or a part
 * of what a tool has answered. Null: there is nothing.
 */
export function findOtherMedia({ url, body: { input } }: BatchRequest): LineFault | null {
  if (url !== '/v1/responses' || !Array.isArray(input)) return null;
  for (const [index, item] of (input as Record<string, unknown>[]).entries()) {
    const at = `body.input[${index}]`;
    if (OTHER_ITEMS.has(item.type)) return onlyText(at, String(item.type));
    const answers = { output: item.output, outputs: item.outputs };
    for (const [field, answer] of Object.entries(answers))
      for (const [nth, part] of [answer].flat().entries())
        if (isObject(part) && !TEXT_OUTPUTS.has(part.type))
          return onlyText(`${at}.${field}[${nth}]`, String(part.type));
  }
  return null;
}

function checkParts(parts: unknown, path: string, allowed: readonly string[]): LineFault | null {
  if (!Array.isArray(parts)) return invalid(`${path} must be text or a list of parts`, path);
  for (const [index, part] of parts.entries()) {
    const at = `${path}[${index}]`;
    if (!isObject(part) || typeof part.type !== 'string') return invalid(`${at} must be an object with a type`, at);
    if (!allowed.includes(part.type)) return onlyText(at, part.type);
    if (part.type === 'tool_result' && Array.isArray(part.content)) {
      const fault = checkParts(part.content, `${at}.content`, ['text']);
      if (fault) return fault;
    }
  }
  return null;
}

/** By the field of the endpoint; of the two that chat has, the newer one counts. */
function largestOutput(url: BatchEndpoint, body: Record<string, unknown>): number | null | LineFault {
  if (url === '/v1/responses') return wholeNumber(body, 'max_output_tokens', TOKENS_MAX);
  if (url === '/v1/messages') return wholeNumber(body, 'max_tokens', TOKENS_MAX);
  return wholeNumber(body, 'max_completion_tokens', TOKENS_MAX) ?? wholeNumber(body, 'max_tokens', TOKENS_MAX);
}

/** Null when it is left out. */
function wholeNumber(
  body: Record<string, unknown>,
  field: 'n' | 'max_tokens' | 'max_completion_tokens' | 'max_output_tokens',
  max: number,
): number | null | LineFault {
  const value = body[field];
  if (value === undefined || value === null) return null;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= max) return value;
  return invalid(`body.${field} must be a whole number from 1 to ${max}`, `body.${field}`);
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const invalid = (message: string, param: string | null): LineFault => ({ code: 'invalid_request', message, param });
const onlyText = (at: string, type?: string): LineFault =>
  invalid(`only text is supported in batches${type === undefined ? '' : `, not ${type.slice(0, 40)}`}`, at);
