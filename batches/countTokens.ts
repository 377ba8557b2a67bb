/** How many tokens a request's input has: exactly for OpenAI's models, by a generous factor for all others (L3). */
import { countTokens as countO200k } from 'gpt-tokenizer/encoding/o200k_base';
import type { BatchRequest } from '../domain/batchRequest';

/** Piece by piece: who adds them up can do something else between. */
export type CountTokens = (text: string) => Iterable<number>;

/**
 * English has some 4.5 bytes a token, code 3, Chinese 3 (a character): 2.5 over-counts all of them. What is reserved too
 * much is given back with the result.
 */
const BYTES_PER_TOKEN = 2.5;
/** What a chat format adds to each message, and to begin the answer (OpenAI's cookbook, "How to count tokens"). */
const TOKENS_PER_MESSAGE = 4;
const TOKENS_PER_ANSWER = 3;

export const counterOf = (provider: string): CountTokens =>
  provider.toLowerCase() === 'openai' ? countOpenAi : (text) => [Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN)];

/**
 * The tokenizer takes time that grows with the square of an unbroken run (40,000 `_` take most of a second), so longer
 * runs are cut. A cut adds a token at most.
 */
const RUN_LENGTH_MAX = 256;
/** A piece takes milliseconds: between two of them a process hears and says what it must. */
const PIECE_LENGTH_MAX = 65_536;

/** Text that spells a token of control, such as <|endoftext|>, is text in a request. */
const AS_TEXT = { disallowedSpecial: new Set<string>() };

function* countOpenAi(text: string): Generator<number> {
  for (const piece of cut(text)) yield countO200k(piece, AS_TEXT);
}

/** The text in pieces none of which has a longer run of white space, or of anything else; mostly one piece. */
function* cut(text: string): Generator<string> {
  let pieceStart = 0;
  let runStart = 0;
  let wasSpace = false;
  for (let at = 0; at < text.length; at++) {
    const isSpace = text.charCodeAt(at) <= 0x20;
    const begins = isSpace !== wasSpace;
    // A piece that is full ends before white space, where the tokenizer, too, seldom goes on.
    const ends = begins
      ? isSpace && at - pieceStart >= PIECE_LENGTH_MAX
      : at - runStart >= RUN_LENGTH_MAX && !isLowSurrogate(text.charCodeAt(at));
    if (ends) {
      yield text.slice(pieceStart, at);
      pieceStart = at;
    }
    if (begins || ends) runStart = at;
    wasSpace = isSpace;
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

/** The input of one request, piece by piece: its tokens are the sum. */
export function* countInput({ body, messages }: BatchRequest, count: CountTokens): Generator<number> {
  yield messages * TOKENS_PER_MESSAGE + TOKENS_PER_ANSWER;
  for (const [field, value] of Object.entries(body)) if (READ_FIELDS.has(field)) yield* countValue(value, count);
}

/** All text in it; names of fields too, where tools are described by them. */
function* countValue(value: unknown, count: CountTokens): Generator<number> {
  if (typeof value === 'string') yield* count(value);
  else if (Array.isArray(value)) for (const one of value) yield* countValue(one, count);
  else if (typeof value !== 'object' || value === null) yield 1;
  else
    for (const [name, one] of Object.entries(value)) {
      if (name === 'role' || name === 'type') continue;
      if (name !== 'content' && name !== 'text') yield* count(name);
      yield* countValue(one, count);
    }
}
