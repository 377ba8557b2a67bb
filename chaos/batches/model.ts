/** The model that the campaign's requests are for, what each of them answers, and what that must cost: counted by hand. */
import { createHash } from 'node:crypto';

export const MODEL = 'campaign-model';
/** In nano-dollars per million tokens: prices that leave a part of a nano-dollar to be rounded up. */
const INPUT_NANO = 123_457_001n;
const OUTPUT_NANO = 987_654_323n;
const PRICES = { inputPerMillion: '0.123457001', outputPerMillion: '0.987654323' };

export const catalogueEntry = {
  provider: 'OpenAI',
  license: 'commercial',
  input: ['text'],
  output: 'text',
  batch: true,
  maxOutputTokens: 1_000,
  prices: [{ from: '2024-01-01T00:00:00Z', ...PRICES }],
};

export type Outcome = 'answered' | 'http_error' | 'broken';
type Drawn = { outcome: Outcome; promptTokens: number; completionTokens: number };

/** The same for the same request, whoever executes it and however often: so a bill can be checked without knowing who did. */
function draw(customId: string): Drawn {
  const bytes = createHash('sha256').update(customId).digest();
  const share = bytes[0]! / 256;
  return {
    outcome: share < 0.8 ? 'answered' : share < 0.9 ? 'http_error' : 'broken',
    promptTokens: 1 + (bytes.readUInt16BE(1) % 900),
    completionTokens: bytes.readUInt16BE(3) % 300,
  };
}
export const outcomeOf = (customId: string): Outcome => draw(customId).outcome;

/** In nano-dollars, rounded up. Only what was answered with a 2xx status costs something. */
export function costOf(customId: string): bigint {
  const { outcome, promptTokens, completionTokens } = draw(customId);
  if (outcome !== 'answered') return 0n;
  const exact = BigInt(promptTokens) * INPUT_NANO + BigInt(completionTokens) * OUTPUT_NANO;
  return (exact + 999_999n) / 1_000_000n;
}

/** A line of the input. */
export const lineOf = (customId: string): string =>
  JSON.stringify({
    custom_id: customId,
    method: 'POST',
    url: '/v1/chat/completions',
    body: { model: MODEL, max_tokens: 300, messages: [{ role: 'user', content: `Answer ${customId}.` }] },
  });

/** What an executor sends for a request. */
export function resultOf(customId: string): unknown {
  const { outcome, promptTokens, completionTokens } = draw(customId);
  switch (outcome) {
    case 'answered': {
      const usage = { prompt_tokens: promptTokens, completion_tokens: completionTokens };
      return { custom_id: customId, response: { status_code: 200, request_id: `req_${customId}`, body: { usage } } };
    }
    case 'http_error':
      return { custom_id: customId, response: { status_code: 429, request_id: '', body: { error: 'too often' } } };
    case 'broken':
      return { custom_id: customId, error: { code: 'broken', message: 'It broke.' } };
  }
}
