/** In the place of a real model: answers in the shape of each endpoint, with real counts. */
import { createHash } from 'node:crypto';

export type ClaimedRequest = { custom_id: string; body: Record<string, unknown> };
export type Answer = {
  custom_id: string;
  response: { status_code: number; request_id: string; body: Record<string, unknown> };
  usage: Record<string, unknown>;
};

const TEXT = 'The balance falls as tokens flow, and keeps afloat as money comes.';
const OUTPUT_TOKENS = 14;

/** The same request has the same answer: whoever executes it again sends the same result. */
export function answer(endpoint: string, { custom_id: customId, body }: ClaimedRequest): Answer {
  const id = createHash('sha256').update(customId).digest('hex').slice(0, 24);
  const input = Math.ceil(JSON.stringify(body).length / 4);
  const output = Math.min(OUTPUT_TOKENS, largestOutput(body));
  const { object, usage } = shapes.get(endpoint)!(id, String(body.model), input, output);
  return {
    custom_id: customId,
    response: { status_code: 200, request_id: `req_${id}`, body: { ...object, usage } },
    usage,
  };
}

const largestOutput = (body: Record<string, unknown>): number =>
  Number(body.max_completion_tokens ?? body.max_tokens ?? body.max_output_tokens ?? OUTPUT_TOKENS);

type Shape = (
  id: string,
  model: string,
  input: number,
  output: number,
) => Record<'object' | 'usage', Record<string, unknown>>;

const shapes = new Map<string, Shape>([
  [
    '/v1/chat/completions',
    (id, model, input, output) => ({
      object: {
        id: `chatcmpl-${id}`,
        object: 'chat.completion',
        model,
        choices: [{ index: 0, message: { role: 'assistant', content: TEXT, refusal: null }, finish_reason: 'stop' }],
      },
      usage: { prompt_tokens: input, completion_tokens: output, total_tokens: input + output },
    }),
  ],
  [
    '/v1/responses',
    (id, model, input, output) => ({
      object: {
        id: `resp_${id}`,
        object: 'response',
        model,
        status: 'completed',
        output: [
          { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: TEXT, annotations: [] }] },
        ],
      },
      usage: { input_tokens: input, output_tokens: output, total_tokens: input + output },
    }),
  ],
  [
    '/v1/messages',
    (id, model, input, output) => ({
      object: {
        id: `msg_${id}`,
        type: 'message',
        role: 'assistant',
        model,
        content: [{ type: 'text', text: TEXT }],
        stop_reason: 'end_turn',
      },
      usage: { input_tokens: input, output_tokens: output },
    }),
  ],
]);
