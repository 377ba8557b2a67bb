/** How many tokens a request's input has: exactly for OpenAI's models, by a generous factor for all others (L3). */
import { countTokens as countO200k } from 'gpt-tokenizer/encoding/o200k_base';
import type { BatchRequest } from '../domain/batchRequest';

export type CountTokens = (text: string) => number;

/**
 * English has some 4.5 bytes a token, code 3, Chinese 3 (a character): 2.5 over-counts all of them. What is reserved too
 * much is given back with the result.
 */
const BYTES_PER_TOKEN = 2.5;
/** What a chat format adds to each message, and to begin the answer (OpenAI's cookbook, "How to count tokens"). */
const TOKENS_PER_MESSAGE = 4;
const TOKENS_PER_ANSWER = 3;

export const counterOf = (provider: string): CountTokens =>
  provider.toLowerCase() === 'openai' ? countOpenAi : (text) => Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN);

/**
 * The tokenizer takes time that grows with the square of an unbroken run (40,000 `_` take most of a second), so longer
 * runs are cut. A cut adds a token at most.
 */
const RUN_LENGTH_MAX = 256;

/** Text that spells a token of control, such as <|endoftext|>, is text in a request. */
const AS_TEXT = { disallowedSpecial: new Set<string>() };

function countOpenAi(text: string): number {
  let tokens = 0;
  for (const piece of cutLongRuns(text)) tokens += countO200k(piece, AS_TEXT);
  return tokens;
}

/** The text in pieces none of which has a longer run of white space, or of anything else; mostly one piece. */
function* cutLongRuns(text: string): Generator<string> {
  let pieceStart = 0;
  let runStart = 0;
  let wasSpace = false;
  for (let at = 0; at < text.length; at++) {
    const isSpace = text.charCodeAt(at) <= 0x20;
    if (isSpace !== wasSpace) {
      wasSpace = isSpace;
      runStart = at;
    } else if (at - runStart >= RUN_LENGTH_MAX && !isLowSurrogate(text.charCodeAt(at))) {
      yield text.slice(pieceStart, at);
      pieceStart = at;
      runStart = at;
    }
  }
  yield pieceStart === 0 ? text : text.slice(pieceStart);
}

const isLowSurrogate = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff;

/** Fields of a body that the model reads. */
const READ_FIELDS = new Set([
  'messages',
  'input',
  'system',
  'instructions',
  'tools',
  'functions',
  'response_format',
  'text',
]);

/** The input of one request. */
export function countInput({ body, messages }: BatchRequest, count: CountTokens): number {
  let tokens = messages * TOKENS_PER_MESSAGE + TOKENS_PER_ANSWER;
  for (const [field, value] of Object.entries(body)) if (READ_FIELDS.has(field)) tokens += countValue(value, count);
  return tokens;
}

/** All text in it; names of fields too, where tools are described by them. */
function countValue(value: unknown, count: CountTokens): number {
  if (typeof value === 'string') return count(value);
  if (Array.isArray(value)) return value.reduce<number>((tokens, one) => tokens + countValue(one, count), 0);
  if (typeof value !== 'object' || value === null) return 1;
  let tokens = 0;
  for (const [name, one] of Object.entries(value)) {
    if (name === 'role' || name === 'type') continue;
    if (name !== 'content' && name !== 'text') tokens += count(name);
    tokens += countValue(one, count);
  }
  return tokens;
}
