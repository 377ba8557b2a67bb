/** Models that take batches and some that don't, and lines of batch files. */
import type { TestApi } from './api';

export const BATCH_MODEL = 'gpt-batch';

const prices = [
  {
    from: '2024-01-01T00:00:00Z',
    inputPerMillion: '2.00',
    outputPerMillion: '8.00',
    batch: { inputPerMillion: '1.00', outputPerMillion: '4.00' },
  },
];
const models = {
  [BATCH_MODEL]: { provider: 'OpenAI', license: 'commercial', batch: true, maxOutputTokens: 1_000, prices },
  'claude-batch': { provider: 'Anthropic', license: 'commercial', batch: true, maxOutputTokens: 1_000, prices },
  'gpt-slow': { provider: 'OpenAI', license: 'commercial', batch: false, prices },
  'open-text': { provider: 'Meta', license: 'open', batch: true, prices },
};

export async function putBatchModels(api: TestApi): Promise<void> {
  for (const [id, model] of Object.entries(models)) {
    const { status, body } = await api.ask('PUT', `/v1/models/${id}`, {
      key: api.admin,
      body: { input: ['text'], output: 'text', ...model },
    });
    if (status !== 201) throw new Error(`the model was not put: ${JSON.stringify(body)}`);
  }
}

/** One request of a batch file. */
export const requestLine = (
  customId: string,
  body: Record<string, unknown> = {},
  url = '/v1/chat/completions',
): string =>
  JSON.stringify({
    custom_id: customId,
    method: 'POST',
    url,
    body: { model: BATCH_MODEL, messages: [{ role: 'user', content: 'Hello' }], max_tokens: 100, ...body },
  });
