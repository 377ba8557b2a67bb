/** L2: files of the shapes that public examples have (vLLM's offline batches, OpenAI's cookbook) are taken where they keep the rules. */
import { createFileChecker, type CheckedFile } from '../../batches/checkFile';

function check(...requests: unknown[]): CheckedFile {
  const checker = createFileChecker();
  checker.push(Buffer.from(`${requests.map((request) => JSON.stringify(request)).join('\n')}\n`));
  return checker.end();
}
const chat = (customId: string, body: Record<string, unknown>): unknown => ({
  custom_id: customId,
  method: 'POST',
  url: '/v1/chat/completions',
  body: { model: 'gpt-4.1-mini', ...body },
});
const turns = (...contents: unknown[]): unknown[] =>
  contents.map((content, at) => ({ role: ['system', 'user', 'assistant'][at % 3], content }));

test('L2 as in the example of vLLM: a system message, a question, and max_completion_tokens', () => {
  const body = (system: string) => ({ messages: turns(system, 'What floats?'), max_completion_tokens: 1_000 });
  const checked = check(chat('request-1', body('You help.')), chat('request-2', body('You do not help.')));
  expect(checked).toMatchObject({ kind: 'fine', facts: { requests: 2, model: 'gpt-4.1-mini' } });
});

test.each([
  ['JSON as the answer', { temperature: 0.1, response_format: { type: 'json_object' } }],
  [
    'a schema for the answer',
    {
      response_format: {
        type: 'json_schema',
        json_schema: {
          name: 'ship',
          strict: true,
          schema: { type: 'object', properties: {}, additionalProperties: false },
        },
      },
    },
  ],
  [
    'tools to call',
    {
      tools: [{ type: 'function', function: { name: 'depth', parameters: { type: 'object', properties: {} } } }],
      tool_choice: 'auto',
    },
  ],
  ['likelihoods and a seed', { logprobs: true, top_logprobs: 2, seed: 7, top_p: 1, n: 2, stop: null, user: 'one' }],
  ['parts of text', { messages: [{ role: 'user', content: [{ type: 'text', text: 'What floats?' }] }] }],
  ['a developer message', { messages: [{ role: 'developer', content: 'Be short.' }, ...turns('a', 'b')] }],
  ['reasoning', { reasoning_effort: 'low', max_completion_tokens: 100 }],
])("L2 as in OpenAI's cookbook, with %s", (_what, more) => {
  expect(check(chat('task-0', { messages: turns('You sort films.', 'A ship sinks.'), ...more })).kind).toBe('fine');
});

test('L2 a request of the Responses API, with text or with items', () => {
  const request = (customId: string, input: unknown) => ({
    custom_id: customId,
    method: 'POST',
    url: '/v1/responses',
    body: {
      model: 'gpt-4.1-mini',
      instructions: 'Be short.',
      input,
      max_output_tokens: 50,
      text: { format: { type: 'text' } },
    },
  });
  const items = [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'What floats?' }] }];
  expect(check(request('a', 'What floats?'), request('b', items)).kind).toBe('fine');
});

test("L2 the cookbook's captions of pictures are refused by their line, as batches are text only", () => {
  const picture = { type: 'image_url', image_url: { url: 'https://example.com/ship.jpg' } };
  const checked = check(
    chat('task-0', { messages: turns('You describe pictures.', 'A ship.') }),
    chat('task-1', { messages: turns('You describe pictures.', [{ type: 'text', text: 'A ship.' }, picture]) }),
  );
  expect(checked).toMatchObject({ kind: 'refused', errors: [{ code: 'invalid_request', line: 2 }] });
});
