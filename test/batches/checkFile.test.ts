import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createFileChecker, parseRequest, type CheckedFile } from '../../batches/checkFile';
import { FILE_BYTES_MAX, REQUESTS_MAX } from '../../domain/batch';

const request = (customId: string, body: Record<string, unknown> = {}, rest: Record<string, unknown> = {}) => ({
  custom_id: customId,
  method: 'POST',
  url: '/v1/chat/completions',
  body: { model: 'gpt-test', messages: [{ role: 'user', content: 'Hello' }], ...body },
  ...rest,
});
const linesOf = (...lines: unknown[]): string => lines.map((line) => JSON.stringify(line)).join('\n');

function check(content: string | Buffer, chunkSize = Infinity): CheckedFile {
  const checker = createFileChecker();
  const bytes = Buffer.from(content as string);
  for (let at = 0; at < bytes.length; at += chunkSize)
    checker.push(bytes.subarray(at, at + Math.min(chunkSize, bytes.length)));
  return checker.end();
}

const faultsOf = (checked: CheckedFile) =>
  checked.kind === 'fine' ? [] : checked.errors.map(({ code, line }) => [code, line]);

test('L2 a file of requests for one model and one endpoint is fine', () => {
  expect(check(linesOf(request('a'), request('b')))).toEqual({
    kind: 'fine',
    facts: { requests: 2, model: 'gpt-test', endpoint: '/v1/chat/completions', firstLine: 1 },
  });
});

test('L2 lines end at 0x0A only: U+2028, CRLF, a byte order mark, blank lines and no newline at the end are all fine', () => {
  const odd = request('a', { messages: [{ role: 'user', content: 'one\u2028two\u2029three\u0085' }] });
  const text = `\ufeff${JSON.stringify(odd)}\r\n\n  \r\n${JSON.stringify(request('b'))}`;
  for (const chunkSize of [1, 2, 7, 64, Infinity])
    expect(check(text, chunkSize)).toMatchObject({ kind: 'fine', facts: { requests: 2, firstLine: 1 } });
});

test.each([
  ['an empty file', '', ['empty_file', null]],
  ['nothing but blank lines', '\n\r\n \n', ['empty_file', null]],
  ['a line that is not JSON', '{"custom_id":', ['invalid_json_line', 1]],
  ['broken UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), ['invalid_json_line', 1]],
  ['a line that is no object', '[1]', ['invalid_request', 1]],
  ['a line that is null', 'null', ['invalid_request', 1]],
  ['no custom_id', linesOf(request('')), ['invalid_request', 1]],
  ['another method', linesOf(request('a', {}, { method: 'GET' })), ['invalid_request', 1]],
  ['another url', linesOf(request('a', {}, { url: '/v1/embeddings' })), ['url_mismatch', 1]],
  ['a url that every object inherits', linesOf(request('a', {}, { url: 'constructor' })), ['url_mismatch', 1]],
  ['no model', linesOf(request('a', { model: 5 })), ['invalid_request', 1]],
  ['a stream', linesOf(request('a', { stream: true })), ['invalid_request', 1]],
  ['no messages', linesOf(request('a', { messages: [] })), ['invalid_request', 1]],
  [
    'an image',
    linesOf(
      request('a', { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://x' } }] }] }),
    ),
    ['invalid_request', 1],
  ],
  ['sound as output', linesOf(request('a', { modalities: ['text', 'audio'] })), ['invalid_request', 1]],
  ['a largest output of nothing', linesOf(request('a', { max_tokens: 0 })), ['invalid_request', 1]],
  ['a custom_id with NUL', linesOf(request('a\0b')), ['invalid_request', 1]],
  ['a custom_id with half a character', linesOf(request('a\ud800')), ['invalid_request', 1]],
  [
    'what is nested too deep to be walked through',
    linesOf(request('a')).replace('"body":{', `"body":{"tools":${'['.repeat(100_000)}${']'.repeat(100_000)},`),
    ['invalid_request', 1],
  ],
  ['half an answer', linesOf(request('a', { n: 0.5 })), ['invalid_request', 1]],
])('L2 %s is refused and named', (_what, content, fault) => {
  expect(faultsOf(check(content))).toEqual([fault]);
});

const call = { type: 'function_call', call_id: '1', name: 'look', arguments: '{}' };
const answered = (output: unknown) => [call, { type: 'function_call_output', call_id: '1', output }];

test.each([
  ['an image among the items', [{ type: 'input_image', image_url: 'https://x' }], 'body.input[0]'],
  ['a file among the items', [call, { type: 'input_file', file_id: 'file-1' }], 'body.input[1]'],
  [
    'an image as the answer of a tool',
    answered([
      { type: 'input_text', text: 'Here' },
      { type: 'input_image', image_url: 'https://x' },
    ]),
    'body.input[1].output[1]',
  ],
  ['a file as the answer of a tool', answered([{ type: 'input_file', file_id: 'file-1' }]), 'body.input[1].output[0]'],
  [
    'an image that code has drawn',
    [
      {
        type: 'code_interpreter_call',
        outputs: [
          { type: 'logs', logs: '1' },
          { type: 'image', url: 'https://x' },
        ],
      },
    ],
    'body.input[0].outputs[1]',
  ],
])('L2 %s is refused by where it stands; a file that was taken with it stays readable', (_what, input, param) => {
  const line = linesOf(request('a', { input }, { url: '/v1/responses' }));
  expect(check(line)).toMatchObject({ kind: 'refused', errors: [{ code: 'invalid_request', line: 1, param }] });
  expect(parseRequest(Buffer.from(line))).toMatchObject({ customId: 'a' });
});

test('L2 what tools have answered in text is taken', () => {
  const input = [
    ...answered('It is 5.'),
    ...answered([{ type: 'input_text', text: 'It is 5.' }]),
    { type: 'shell_call_output', output: [{ stdout: '5', stderr: '', outcome: { type: 'exit', exit_code: 0 } }] },
    { type: 'code_interpreter_call', outputs: [{ type: 'logs', logs: '5' }] },
    { type: 'code_interpreter_call', outputs: null },
  ];
  expect(check(linesOf(request('a', { input }, { url: '/v1/responses' })))).toMatchObject({ kind: 'fine' });
});

test('L2 a custom_id used twice, another model and another endpoint are refused by their lines', () => {
  const checked = check(
    linesOf(
      request('a'),
      request('a'),
      request('b', { model: 'gpt-other' }),
      request('c', { input: 'x' }, { url: '/v1/responses' }),
    ),
  );
  expect(faultsOf(checked)).toEqual([
    ['duplicate_custom_id', 2],
    ['model_mismatch', 3],
    ['url_mismatch', 4],
  ]);
  expect(checked).toMatchObject({ errors: [{ message: 'line 2: custom_id "a" was used in line 1' }, {}, {}] });
});

test('L2 the first 100 errors are answered', () => {
  const checked = check(Array.from({ length: 150 }, () => '{').join('\n'));
  expect(faultsOf(checked)).toHaveLength(100);
  expect(faultsOf(checked).at(-1)).toEqual(['invalid_json_line', 100]);
});

test('L2 50,000 requests pass and one more does not', () => {
  const lines = Array.from({ length: REQUESTS_MAX }, (_, i) => JSON.stringify(request(String(i)))).join('\n');
  expect(check(lines)).toMatchObject({ kind: 'fine', facts: { requests: REQUESTS_MAX } });
  expect(faultsOf(check(`${lines}\n${JSON.stringify(request('one more'))}`))).toEqual([['too_many_tasks', null]]);
});

test('L2 200,000,000 bytes pass and one more does not', () => {
  /** Lines of a million bytes, blanks around their requests. */
  const checkOf = (bytes: number): CheckedFile => {
    const checker = createFileChecker();
    for (let left = bytes, i = 0; left > 0; left -= 1_000_000, i += 1) {
      const line = Buffer.alloc(Math.min(left, 1_000_000), ' ');
      if (line.length > 1) Buffer.from(JSON.stringify(request(String(i)))).copy(line);
      line[line.length - 1] = 0x0a;
      checker.push(line);
    }
    return checker.end();
  };
  expect(checkOf(FILE_BYTES_MAX)).toMatchObject({ kind: 'fine', facts: { requests: 200 } });
  expect(faultsOf(checkOf(FILE_BYTES_MAX + 1))).toEqual([['file_too_large', null]]);
});

test('L2 a file of nothing but line breaks is refused before it is read through', () => {
  const checker = createFileChecker();
  checker.push(Buffer.alloc(1_000_000, '\n'));
  expect(checker.hopeless).toBe(true);
  expect(faultsOf(checker.end())).toEqual([['too_many_tasks', null]]);
});

test.each([
  ['the Responses API with text', { url: '/v1/responses' }, { input: 'Hi', max_output_tokens: 5 }],
  [
    'the Responses API with items',
    { url: '/v1/responses' },
    { input: [{ role: 'user', content: [{ type: 'input_text', text: 'Hi' }] }] },
  ],
  ['the Messages API', { url: '/v1/messages' }, { max_tokens: 10, system: [{ type: 'text', text: 'Be brief' }] }],
  [
    'an assistant that only called a tool',
    {},
    {
      messages: [
        { role: 'user', content: 'Hi' },
        { role: 'assistant', tool_calls: [] },
      ],
    },
  ],
])('L2 %s is taken', (_what, rest, body) => {
  expect(check(linesOf(request('a', body, rest)))).toMatchObject({ kind: 'fine' });
});

test('L2 memory follows the bytes of a line, not the pieces in which it comes', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const used = (): number => {
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const checker = createFileChecker();
  const line = Buffer.from(
    JSON.stringify(request('a', { messages: [{ role: 'user', content: 'x'.repeat(400_000) }] })),
  );
  const before = used();
  for (let at = 0; at < line.length; at += 1) checker.push(line.subarray(at, at + 1));
  expect(used() - before).toBeLessThan(8 * 1024 * 1024);
  expect(checker.end()).toMatchObject({ kind: 'fine', facts: { requests: 1, model: 'gpt-test' } });
});
