/** In the place of a real model: says a sentence over and over, a token at a time. */
import { setTimeout as sleep } from 'node:timers/promises';

export type Message = { role: string; content: string };

export type Model = {
  /** As in Ballast's catalogue, where its prices are. */
  name: string;
  outputTokensMax: number;
  countTokens(messages: readonly Message[]): number;
  /** Yields one token at a time until the answer is complete, `tokensMax` are out or the signal aborts, which may come at any time. */
  generate(messages: readonly Message[], tokensMax: number, signal: AbortSignal): AsyncIterable<string>;
};

const SENTENCE = 'The balance falls as tokens flow, and keeps afloat as money comes.'.split(' ');

export function stubModel({ name = 'stub', tokenMs = 0, sentences = 2 } = {}): Model {
  return {
    name,
    outputTokensMax: 1_000,
    countTokens: (messages) => messages.reduce((sum, { content }) => sum + Math.ceil(content.length / 4), 0),
    async *generate(_messages, tokensMax, signal) {
      for (let token = 0; token < Math.min(tokensMax, SENTENCE.length * sentences); token++) {
        await sleep(tokenMs);
        if (signal.aborted) return;
        yield `${token > 0 ? ' ' : ''}${SENTENCE[token % SENTENCE.length]}`;
      }
    },
  };
}
