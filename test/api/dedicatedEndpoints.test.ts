/** L7: dedicated endpoints, never more than the limit, not for every model. */
import { openAccount, startTestApi, type Answer, type TestAccount, type TestApi } from '../support/api';

let api: TestApi;
let own: TestAccount;
beforeAll(async () => {
  api = await startTestApi();
  for (const [id, output] of Object.entries({
    llama: 'text',
    mistral: 'text',
    flux: 'image',
    bge: 'embedding',
    whisper: 'audio',
    reranker: 'ranking',
  })) {
    await api.database.pool.query(
      `insert into models (id, provider, license, input, output, batch) values ($1, 'Meta', 'open', '{text}', $2, false)`,
      [id, output],
    );
  }
});
beforeEach(async () => (own = await openAccount(api, '10.00')));
afterAll(() => api.close());

const pathOf = (name = ''): string => `/v1/accounts/${own.id}/dedicated-endpoints${name && `/${name}`}`;
const put = (name: string, model = 'llama', key = own.owner): Promise<Answer> =>
  api.ask('PUT', pathOf(name), { key, body: { model } });
const list = async (query = ''): Promise<any> => (await api.ask('GET', pathOf() + query, { key: own.modifier })).body;
const used = async (): Promise<{ used: number; limit: number }> => {
  const { body } = await api.ask('GET', `/v1/accounts/${own.id}/limits`, { key: own.member });
  return body.data.find(({ key }: { key: string }) => key === 'dedicated.endpoints');
};

test('L7 an endpoint is made, the same again is 200, another model takes its place, and it is removed once', async () => {
  const made = await put('chat');
  expect(made).toMatchObject({ status: 201, body: { name: 'chat', model: 'llama' } });
  expect(await put('chat', 'llama', own.modifier)).toMatchObject({ status: 200, body: made.body });
  expect(await put('chat', 'flux')).toMatchObject({ status: 200, body: { name: 'chat', model: 'flux' } });
  expect((await list()).data).toMatchObject([{ name: 'chat', model: 'flux' }]);
  expect(await used()).toMatchObject({ used: 1, limit: 5 });
  expect((await api.ask('DELETE', pathOf('chat'), { key: own.modifier })).status).toBe(204);
  expect((await api.ask('DELETE', pathOf('chat'), { key: own.modifier })).status).toBe(404);
  expect([await list(), (await used()).used]).toEqual([{ data: [], nextCursor: null }, 0]);
  const { body } = await api.ask('GET', `/v1/accounts/${own.id}/audit`, { key: own.owner });
  expect(body.data.map(({ action }: { action: string }) => action).slice(0, 3)).toEqual([
    'dedicated_endpoint.remove',
    'dedicated_endpoint.put',
    'dedicated_endpoint.put',
  ]);
});

test('L7 two hundred endpoints made at once over a limit of five make exactly five', async () => {
  const answers = await Promise.all(Array.from({ length: 200 }, (_, i) => put(`e${i}`)));
  const counts = new Map<unknown, number>();
  for (const { status, body } of answers) {
    const outcome = status === 201 ? 201 : body.code;
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  }
  expect(Object.fromEntries(counts)).toEqual({ 201: 5, limit_reached: 195 });
  const refused = answers.find(({ status }) => status === 409)!;
  expect(refused.body).toMatchObject({ code: 'limit_reached', limit: 5, in_use: 5 });
  expect((await used()).used).toBe(5);
  const existing = (await list()).data[0].name;
  expect((await put(existing)).status).toBe(200);
  expect((await put(existing, 'mistral')).status).toBe(200);
  await api.ask('DELETE', pathOf(existing), { key: own.owner });
  expect([(await put('one-more')).status, (await put('two-more')).status]).toEqual([201, 409]);
});

test('L6 a raised limit lets more be made at once, and a lower tier removes none but makes none', async () => {
  for (let i = 0; i < 5; i++) await put(`e${i}`);
  expect((await put('e5')).status).toBe(409);
  await api.database.pool.query(
    "insert into limit_raises (account_id, key, limit_value) values ($1, 'dedicated.endpoints', 6)",
    [own.id],
  );
  expect((await put('e5')).status).toBe(201);
  await api.database.pool.query('delete from limit_raises where account_id = $1', [own.id]);
  await api.ask('PATCH', `/v1/accounts/${own.id}`, { key: api.admin, body: { tier: 'low' } });
  expect(await used()).toMatchObject({ used: 6, limit: 1 });
  expect([(await put('e6')).status, (await put('e5')).status]).toEqual([409, 200]);
});

test.each(['bge', 'whisper', 'reranker'])('L7 the model %s is refused', async (model) => {
  const { status, body } = await put('chat', model);
  expect([status, body.code]).toEqual([422, 'model_not_supported']);
  expect((await list()).data).toEqual([]);
});

test('L7 a model that is not on sale, or not any more, is refused', async () => {
  expect(await put('chat', 'nothing')).toMatchObject({ status: 422, body: { code: 'unknown_model' } });
  await api.database.pool.query("update models set deprecated_at = now() - interval '1 hour' where id = 'mistral'");
  expect(await put('chat', 'mistral')).toMatchObject({ status: 422, body: { code: 'model_not_supported' } });
  await api.database.pool.query("update models set deprecated_at = null where id = 'mistral'");
});

test.each(['-a', '.a', 'a%20b', 'a%2Fb', '%C3%A4', 'a'.repeat(65)])('the name %s is refused', async (name) => {
  expect(await put(name)).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
});

test('endpoints are listed newest first, in pages that a removal does not break', async () => {
  for (const name of ['a', 'b', 'c']) await put(name);
  const first = await list('?limit=2');
  expect(first.data.map(({ name }: { name: string }) => name)).toEqual(['c', 'b']);
  await api.ask('DELETE', pathOf('b'), { key: own.owner });
  const second = await list(`?limit=2&cursor=${first.nextCursor}`);
  expect([second.data.map(({ name }: { name: string }) => name), second.nextCursor]).toEqual([['a'], null]);
});

test('an account that is being closed makes no endpoint, and erasing it leaves none', async () => {
  await put('chat');
  await api.database.pool.query('update accounts set closing_at = now() where id = $1', [own.id]);
  expect(await put('more')).toMatchObject({ status: 409, body: { code: 'account_closed' } });
  await api.database.pool.query('select erase_account($1)', [own.id]);
  const { rows } = await api.database.pool.query('select 1 from dedicated_endpoints where account_id = $1', [own.id]);
  expect(rows).toEqual([]);
});
