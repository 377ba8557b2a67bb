/** The example gateway, talked to by OpenAI's own client library, charging at a real API. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import OpenAI, { type APIError } from 'openai';
import { createGateway, type Gateway } from '../../examples/gateway/server';
import { stubModel, type Model } from '../../examples/gateway/stubModel';
import { notedClient, type NotedClient } from '../client/support';
import { adjust, openAccount, putModel, startTestApi, type TestApi } from '../support/api';
import { until } from '../support/notices';
import { startProxy, type Proxy } from '../support/proxy';

let api: TestApi;
let proxy: Proxy;
let ballast: NotedClient;
let gateway: Gateway;
let baseURL: string;
const failures: unknown[] = [];
const accounts = new Map<string, string>();
beforeAll(async () => {
  api = await startTestApi();
  proxy = await startProxy(Number(new URL(api.url).port));
  await putModel(api, 'stub');
  ballast = notedClient({ url: `http://127.0.0.1:${proxy.port}`, key: api.service, gate: {}, holdPatienceMs: 4_000 });
  await ballast.gate.ready(20_000);
  gateway = createGateway({
    ballast,
    accounts,
    model: stubModel({ tokenMs: 5, sentences: 10 }),
    onError: (error) => failures.push(error),
  });
  baseURL = `http://127.0.0.1:${(await gateway.listen(0, '127.0.0.1')).port}/v1`;
});
afterAll(async () => {
  await gateway.close();
  await ballast.close();
  await proxy.close();
  await api.close();
});

const messages = [{ role: 'user' as const, content: 'Keep it short, please!' }];
const INPUT_TOKENS = 6;

/** OpenAI's client with the key of a new account. */
async function caller(balance?: string): Promise<{ id: string; openai: OpenAI }> {
  const { id } = await openAccount(api, balance);
  await until(
    () => ballast.gate.get(id)?.allowed,
    (allowed) => allowed === (balance !== undefined),
  );
  accounts.set(`sk-${id}`, id);
  return { id, openai: new OpenAI({ baseURL, apiKey: `sk-${id}`, maxRetries: 1 }) };
}

const account = async (id: string) => (await api.ask('GET', `/v1/accounts/${id}`, { key: api.service })).body;
async function usage(id: string): Promise<{ requests: number; input: number; output: number }> {
  const { rows } = await api.database.pool.query(
    'select count(*)::int as requests, coalesce(sum(input_tokens), 0)::int as input, coalesce(sum(output_tokens), 0)::int as output from usage_events where account_id = $1',
    [id],
  );
  return rows[0];
}
const refusal = (asking: Promise<unknown>): Promise<APIError> =>
  asking.then(
    () => {
      throw new Error('it was not refused');
    },
    (error) => error,
  );

test('B5 a completion is answered, and its real tokens are charged', async () => {
  const { id, openai } = await caller('1.00');
  const completion = await openai.chat.completions.create({ model: 'stub', messages, max_tokens: 8 });
  expect(completion).toMatchObject({
    object: 'chat.completion',
    model: 'stub',
    choices: [
      {
        message: { role: 'assistant', content: 'The balance falls as tokens flow, and keeps' },
        finish_reason: 'length',
      },
    ],
    usage: { prompt_tokens: INPUT_TOKENS, completion_tokens: 8, total_tokens: INPUT_TOKENS + 8 },
  });
  expect(await usage(id)).toEqual({ requests: 1, input: INPUT_TOKENS, output: 8 });
  expect(await account(id)).toMatchObject({ balance: '0.999978', held: '0.00' });
});

test('B5 a streamed completion comes token by token, past proxies that gather, with its usage at the end', async () => {
  const { id, openai } = await caller('1.00');
  const { data: stream, response } = await openai.chat.completions
    .create({
      model: 'stub',
      messages,
      max_completion_tokens: 5,
      stream: true,
      stream_options: { include_usage: true },
    })
    .withResponse();
  expect(response.headers.get('x-accel-buffering')).toBe('no');
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe('The balance falls as tokens');
  expect(chunks.at(-2)!.choices[0]).toMatchObject({ finish_reason: 'length' });
  expect(chunks.at(-1)!.usage).toEqual({
    prompt_tokens: INPUT_TOKENS,
    completion_tokens: 5,
    total_tokens: INPUT_TOKENS + 5,
  });
  expect(await usage(id)).toEqual({ requests: 1, input: INPUT_TOKENS, output: 5 });
});

test('B5 a caller who leaves in mid-stream pays for what was generated, no more', async () => {
  const { id, openai } = await caller('1.00');
  const stream = await openai.chat.completions.create({ model: 'stub', messages, stream: true });
  let seen = 0;
  for await (const { choices } of stream) {
    if (choices[0]?.delta.content) seen += 1;
    if (seen === 10) break; // which aborts the request
  }
  const billed = await until(
    () => usage(id),
    ({ requests }) => requests === 1,
  );
  expect(billed.input).toBe(INPUT_TOKENS);
  expect(billed.output).toBeGreaterThanOrEqual(10);
  expect(billed.output).toBeLessThan(60);
  expect(await account(id)).toMatchObject({ held: '0.00' });
});

test('S2 out of money: the quota error of OpenAI, at once and without a retry', async () => {
  const { id, openai } = await caller();
  const error = await refusal(openai.chat.completions.create({ model: 'stub', messages }));
  expect(error).toBeInstanceOf(OpenAI.RateLimitError);
  expect(error).toMatchObject({ status: 429, code: 'insufficient_quota', type: 'insufficient_quota' });
  expect(error.headers!.get('x-should-retry')).toBe('false');
  await adjust(api, id, '1.00');
  await until(() => ballast.gate.allows(id), Boolean);
  expect((await openai.chat.completions.create({ model: 'stub', messages, max_tokens: 1 })).usage).toMatchObject({
    completion_tokens: 1,
  });
});

test('B5 not enough for the estimate: the same error, and nothing is generated or charged', async () => {
  const { id, openai } = await caller('0.0001');
  const error = await refusal(openai.chat.completions.create({ model: 'stub', messages, max_tokens: 500 }));
  expect(error).toMatchObject({
    status: 429,
    code: 'insufficient_quota',
    message: expect.stringContaining('available are 0.0001'),
  });
  expect(await usage(id)).toMatchObject({ requests: 0 });
  await openai.chat.completions.create({ model: 'stub', messages, max_tokens: 10 });
  expect(await usage(id)).toMatchObject({ requests: 1, output: 10 });
});

test('S6 Ballast goes away while tokens flow: the caller is answered, the usage is charged when it is back', async () => {
  const { id, openai } = await caller('1.00');
  const stream = await openai.chat.completions.create({ model: 'stub', messages, max_tokens: 20, stream: true });
  let seen = 0;
  for await (const { choices } of stream) {
    if (choices[0]?.delta.content && ++seen === 1) proxy.hold();
  }
  expect(seen).toBe(20);
  expect(await usage(id)).toMatchObject({ requests: 0 });
  proxy.release();
  expect(
    await until(
      () => usage(id),
      ({ requests }) => requests === 1,
    ),
  ).toEqual({ requests: 1, input: INPUT_TOKENS, output: 20 });
  expect(await account(id)).toMatchObject({ held: '0.00' });
});

/** A gateway of its own, with a model that misbehaves. */
async function withModel(
  generate: Model['generate'],
  use: (url: string) => Promise<void>,
  options: { stallMsMax?: number } = {},
): Promise<void> {
  const odd = createGateway({
    ballast,
    accounts,
    model: { ...stubModel(), outputTokensMax: 10_000, generate },
    onError: (error) => failures.push(error),
    ...options,
  });
  const { port } = await odd.listen(0, '127.0.0.1');
  try {
    await use(`http://127.0.0.1:${port}/v1`);
  } finally {
    await odd.close();
  }
}
/** OpenAI's client, which must not repeat what is charged. */
const at = (url: string, id: string) => new OpenAI({ baseURL: url, apiKey: `sk-${id}`, maxRetries: 0 });
const untouched = { requests: 0, input: 0, output: 0 };
const free = async (id: string) =>
  until(
    () => account(id),
    ({ held }) => held === '0.00',
  );

test('B5 a caller who leaves before anything was generated pays nothing', async () => {
  const { id } = await caller('1.00');
  let asked = 0;
  const thinking: Model['generate'] = async function* (_messages, _tokensMax, signal) {
    asked += 1;
    await once(signal, 'abort');
    yield* [];
  };
  await withModel(thinking, async (url) => {
    const leave = new AbortController();
    const asking = refusal(at(url, id).chat.completions.create({ model: 'stub', messages }, { signal: leave.signal }));
    await until(() => asked, Boolean);
    expect((await account(id)).held).not.toBe('0.00');
    leave.abort();
    await asking;
    await free(id);
  });
  expect(await usage(id)).toEqual(untouched);
});

test.each([true, false])(
  'B5 the model fails at once (stream: %s): an answer that may be asked again, nothing charged, nothing held',
  async (stream) => {
    const { id } = await caller('1.00');

    const broken: Model['generate'] = async function* () {
      await sleep(1);
      throw new Error('the model is down');
    };
    await withModel(broken, async (url) => {
      const error = await refusal(at(url, id).chat.completions.create({ model: 'stub', messages, stream }));
      expect(error).toBeInstanceOf(OpenAI.InternalServerError);
      expect(error).toMatchObject({ status: 503, code: 'unavailable', type: 'server_error' });
    });
    expect(failures.at(-1)).toMatchObject({ message: 'the model is down' });
    expect(await account(id)).toMatchObject({ balance: '1.00', held: '0.00' });
  },
);

const failing: Model['generate'] = async function* () {
  yield 'one';
  yield ' two';
  await sleep(20); // they arrive
  throw new Error('the model fails half way');
};

test('B5 the model fails in mid-stream: the caller is told, and pays for what came', async () => {
  const { id } = await caller('1.00');
  await withModel(failing, async (url) => {
    const stream = await at(url, id).chat.completions.create({ model: 'stub', messages, stream: true });
    let seen = '';
    const error = await refusal(
      (async () => {
        for await (const { choices } of stream) seen += choices[0]?.delta.content ?? '';
      })(),
    );
    expect(seen).toBe('one two');
    expect(error).toBeInstanceOf(OpenAI.APIError);
    expect(error.message).toContain('Not available now');
  });
  expect(await usage(id)).toEqual({ requests: 1, input: INPUT_TOKENS, output: 2 });
  expect(await account(id)).toMatchObject({ held: '0.00' });
});

test('B5 the model fails half way of an answer that was to come whole: nothing came, nothing is charged', async () => {
  const { id } = await caller('1.00');
  await withModel(failing, async (url) => {
    expect(await refusal(at(url, id).chat.completions.create({ model: 'stub', messages }))).toMatchObject({
      status: 503,
    });
  });
  expect(await account(id)).toMatchObject({ balance: '1.00', held: '0.00' });
});

test('B5 the hold was ended by somebody else: the caller is answered, the usage is charged without it, once', async () => {
  const { id } = await caller('1.00');
  const interfered: Model['generate'] = async function* () {
    yield 'one';
    const { body } = await api.ask('GET', `/v1/accounts/${id}/holds`, { key: api.service });
    await api.ask('POST', `/v1/accounts/${id}/holds/${body.data[0].id}/release`, { key: api.service });
    yield ' two';
  };
  await withModel(interfered, async (url) => {
    const { choices } = await at(url, id).chat.completions.create({ model: 'stub', messages });
    expect(choices[0]!.message.content).toBe('one two');
  });
  await ballast.flush(20_000);
  expect(await usage(id)).toEqual({ requests: 1, input: INPUT_TOKENS, output: 2 });
});

test('a caller who reads nothing is cut off, pays for what was generated, and keeps no money held', async () => {
  const { id } = await caller('10.00');
  let generated = 0;
  const endless: Model['generate'] = async function* (_messages, tokensMax, signal) {
    for (; generated < tokensMax && !signal.aborted; generated++) yield 'x'.repeat(64 * 1024);
  };
  await withModel(
    endless,
    async (url) => {
      const { hostname, port } = new URL(url);
      const body = JSON.stringify({ model: 'stub', messages, stream: true });
      const socket = connect(Number(port), hostname).on('error', () => undefined);
      socket.write(
        `POST /v1/chat/completions HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer sk-${id}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
      socket.pause();
      expect(
        await until(
          () => usage(id),
          ({ requests }) => requests === 1,
        ),
      ).toMatchObject({ output: generated });
      socket.destroy();
    },
    { stallMsMax: 200 },
  );
  expect(generated).toBeLessThan(10_000);
  expect(await account(id)).toMatchObject({ held: '0.00' });
});

test.each([true, false])('B5 two choices are generated, held for and charged (stream: %s)', async (stream) => {
  const { id, openai } = await caller('1.00');
  const wish = { model: 'stub', messages, max_tokens: 3, n: 2 };
  const contents = ['', ''];
  if (stream) {
    for await (const { choices } of await openai.chat.completions.create({ ...wish, stream: true })) {
      for (const { index, delta } of choices) contents[index] += delta.content ?? '';
    }
  } else {
    const { choices } = await openai.chat.completions.create(wish);
    for (const { index, message } of choices) contents[index] += message.content ?? '';
  }
  expect(contents).toEqual(['The balance falls', 'The balance falls']);
  expect(await usage(id)).toEqual({ requests: 1, input: INPUT_TOKENS, output: 6 });
  const { body } = await api.ask('GET', `/v1/accounts/${id}/holds`, { key: api.service });
  expect(body.data[0]).toMatchObject({ amount: '0.000018', charged: '0.000018' });
});

test('B5 many at once on a nearly empty balance: as many as it pays for, and it never goes below zero', async () => {
  const { id } = await caller('0.00005'); // of 22 millionths each
  const openai = new OpenAI({ baseURL, apiKey: `sk-${id}`, maxRetries: 0 });
  const ended = await Promise.allSettled(
    Array.from({ length: 20 }, () => openai.chat.completions.create({ model: 'stub', messages, max_tokens: 8 })),
  );
  expect(ended.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
  for (const one of ended)
    if (one.status === 'rejected') expect(one.reason).toMatchObject({ status: 429, code: 'insufficient_quota' });
  expect(await account(id)).toMatchObject({ balance: '0.000006', held: '0.00' });
});

test.each([
  ['tools', { tools: [{ type: 'function', function: { name: 'f' } }] }, 400, 'unsupported_parameter'],
  [
    'an image',
    { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:,' } }] }] },
    400,
    'invalid_value',
  ],
  ['n', { n: 0 }, 400, 'invalid_value'],
  ['another model', { model: 'gpt-4o' }, 404, 'model_not_found'],
  ['too much', { messages: [{ role: 'user', content: 'x'.repeat(2 * 1024 * 1024) }] }, 413, 'request_too_large'],
])(
  "what the gateway does not do is refused in OpenAI's shape, and not charged: %s",
  async (_name, wish, status, code) => {
    const { id, openai } = await caller('1.00');
    expect(await refusal(openai.chat.completions.create({ model: 'stub', messages, ...wish } as never))).toMatchObject({
      status,
      code,
      type: 'invalid_request_error',
    });
    expect(await usage(id)).toEqual(untouched);
  },
);

test('B3 the gateway is told to stop in mid-stream: it answers to the end, charges, and only then ends', async () => {
  const { id } = await caller('1.00');
  const child = spawn(process.execPath, [join(__dirname, '..', '..', 'dist', 'examples', 'gateway', 'main.js')], {
    env: {
      PATH: process.env.PATH,
      BALLAST_URL: api.url,
      BALLAST_KEY: api.service,
      GATEWAY_KEYS: `sk-${id}=${id}`,
      PORT: '0',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const openai = new OpenAI({ baseURL: `${/http:\S+/.exec(line)![0]}/v1`, apiKey: `sk-${id}` });
  const stream = await openai.chat.completions.create({ model: 'stub', messages, stream: true });
  let seen = 0;
  for await (const { choices } of stream) {
    if (choices[0]?.delta.content && ++seen === 2) child.kill('SIGTERM');
  }
  expect((await exited)[0]).toBe(0);
  expect(await usage(id)).toEqual({ requests: 1, input: INPUT_TOKENS, output: seen });
});

test('what is wrong with a request is told in the shape of OpenAI', async () => {
  const { openai } = await caller('1.00');
  const stranger = new OpenAI({ baseURL, apiKey: 'sk-nobody', maxRetries: 0 });
  expect(await refusal(stranger.chat.completions.create({ model: 'stub', messages }))).toMatchObject({
    status: 401,
    code: 'invalid_api_key',
  });
  expect(await refusal(openai.chat.completions.create({ model: 'gpt-none', messages }))).toMatchObject({
    status: 404,
    code: 'model_not_found',
  });
  expect(await refusal(openai.chat.completions.create({ model: 'stub', messages: [] }))).toMatchObject({
    status: 400,
    code: 'invalid_value',
  });
  expect(await refusal(openai.models.list() as unknown as Promise<unknown>)).toMatchObject({
    status: 404,
    code: 'not_found',
  });
});
