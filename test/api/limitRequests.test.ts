/** L6: an account asks for higher limits, an admin decides, and what is approved is in force in every process. */
import { beginClosing } from '../../ledger/accounts/beginClosing';
import { transaction } from '../../ledger/db';
import { listLimitRequestsToStart } from '../../ledger/limits/listLimitRequestsToStart';
import { openAccount, startTestApi, type Answer, type TestAccount, type TestApi } from '../support/api';
import { requestLine } from '../support/batchFiles';
import { insertBatchModel, MODEL } from '../support/batchJob';
import { times } from '../support/times';
import { withoutAudit } from '../support/withoutAudit';

const POLICY = { trigger: 'at_or_below' as const, retryDelaysMs: [60_000, 300_000] };

let api: TestApi;
/** Another process on the same database. */
let other: TestApi;
let own: TestAccount;
beforeAll(async () => {
  api = await startTestApi();
  other = await startTestApi({ database: api.database });
  await insertBatchModel(api.database.pool);
  await api.database.pool.query(
    `insert into models (id, provider, license, input, output, batch) values ('llama', 'Meta', 'open', '{text}', 'text', false)`,
  );
});
beforeEach(async () => (own = await openAccount(api, '10.00')));
afterAll(async () => {
  await other.close();
  await api.close();
});

const asked = { key: 'dedicated.endpoints', requested: 8, reason: 'A launch in March.' };
const askFor = (body: object, key = own.owner): Promise<Answer> =>
  api.ask('POST', `/v1/accounts/${own.id}/limit-requests`, { key, body: { ...asked, ...body } });
const pending = async (body: object = {}): Promise<string> => {
  const answer = await askFor(body);
  expect(answer).toMatchObject({ status: 201, body: { status: 'pending' } });
  return answer.body.id;
};
const decide = (id: string, body: object, at = api): Promise<Answer> =>
  at.ask('POST', `/v1/limit-requests/${id}/decision`, { key: api.admin, body: { note: 'Enjoy.', ...body } });
const limitOf = async (key: string, model?: string, at = api): Promise<number> => {
  const { body } = await at.ask('GET', `/v1/accounts/${own.id}/limits`, { key: own.member });
  return body.data.find((row: any) => row.key === key && row.model === model).limit;
};
const noticesOf = async (): Promise<any[]> =>
  (await api.ask('GET', `/v1/accounts/${own.id}/notices`, { key: own.owner })).body.data;

test('L6 a request is pending, is seen by those who may ask and by admins, and both is in the audit log', async () => {
  const { status, body } = await askFor({}, own.modifier);
  expect(status).toBe(201);
  expect(body).toMatchObject({
    accountId: own.id,
    accountName: `Account ${own.id}`,
    tier: 'standard',
    ...asked,
    unit: 'endpoints',
    current: 5,
    status: 'pending',
    limit: null,
    note: null,
    askedBy: `resource_modifier:resource_modifier@${own.id}.example`,
    decidedBy: null,
    decidedAt: null,
  });
  expect(body).not.toHaveProperty('model');
  const of = `/v1/accounts/${own.id}/limit-requests`;
  expect((await api.ask('GET', of, { key: own.owner })).body).toEqual({ data: [body], nextCursor: null });
  expect((await api.ask('GET', `${of}/${body.id}`, { key: own.modifier })).body).toEqual(body);
  expect((await api.ask('GET', `/v1/limit-requests/${body.id}`, { key: api.admin })).body).toEqual(body);
  const { body: all } = await api.ask('GET', `/v1/limit-requests?status=pending&account=${own.id}`, { key: api.admin });
  expect(all.data).toEqual([body]);
  expect((await decide(body.id, { decision: 'deny', note: 'Not yet.' })).body).toMatchObject({
    status: 'denied',
    limit: null,
    note: 'Not yet.',
    decidedBy: 'admin:test',
    current: 5,
  });
  const audit = await api.ask('GET', `/v1/accounts/${own.id}/audit`, { key: own.owner });
  expect(audit.body.data.map(({ action }: any) => action).slice(0, 2)).toEqual([
    'limit_request.decide',
    'limit_request.create',
  ]);
});

test('O5 nobody of an account reads how a key of the platform is named, in any list; admins do', async () => {
  await decide(await pending(), { decision: 'deny' });
  const form = new FormData();
  form.set('purpose', 'batch');
  form.set('file', new Blob([requestLine('a', { model: MODEL })]));
  const headers = { authorization: `Bearer ${api.service}`, 'X-Account-Id': own.id };
  expect((await fetch(`${api.url}/v1/files`, { method: 'POST', body: form, headers })).status).toBe(200);
  const of = `/v1/accounts/${own.id}`;
  const lists = ['limit-requests', 'audit', 'timeline', 'decisions', 'transactions', 'notices'];
  const read = (key: string): Promise<string[]> =>
    Promise.all(
      lists.flatMap((list) =>
        ['application/json', 'text/csv'].map(async (accept) =>
          JSON.stringify((await api.ask('GET', `${of}/${list}`, { key, headers: { accept } })).body),
        ),
      ),
    );
  const shown = (await read(own.owner)).join();
  expect(shown).not.toMatch(/admin:|service:/);
  expect(shown).toMatch(/"decidedBy":"Ballast"/);
  expect(shown).toContain('"actor":"Ballast"');
  const toAdmins = await Promise.all(
    [`/v1/limit-requests?account=${own.id}`, `${of}/audit`].map((path) => api.ask('GET', path, { key: api.admin })),
  );
  expect(JSON.stringify(toAdmins)).toMatch(/"decidedBy":"admin:test".*"actor":"admin:test"/);
});

test("L6 another account's request is not found, nor one that is not there", async () => {
  const id = await pending();
  const foreign = await openAccount(api);
  const nothing = '00000000-0000-4000-8000-000000000000';
  for (const [path, key] of [
    [`/v1/accounts/${foreign.id}/limit-requests/${id}`, foreign.owner],
    [`/v1/accounts/${own.id}/limit-requests/${nothing}`, own.owner],
    [`/v1/limit-requests/${nothing}`, api.admin],
  ])
    expect(await api.ask('GET', path!, { key: key! })).toMatchObject({ status: 404, body: { code: 'not_found' } });
  expect(await decide(nothing, { decision: 'deny' })).toMatchObject({ status: 404, body: { code: 'not_found' } });
});

test('L6 what is approved is in force at once in another process, with the limit that was asked or another one', async () => {
  await decide(await pending(), { decision: 'approve' });
  expect(await limitOf('dedicated.endpoints', undefined, other)).toBe(8);
  const answer = await decide(await pending({ requested: 100 }), { decision: 'approve', limit: 9 });
  expect(answer).toMatchObject({ status: 200, body: { status: 'approved', requested: 100, limit: 9, current: 9 } });
  expect(await limitOf('dedicated.endpoints', undefined, other)).toBe(9);
  await api.database.pool.query(
    `insert into models (id, provider, license, input, output, batch) values ('mistral', 'M', 'open', '{text}', 'text', false) on conflict do nothing`,
  );
  const put = (name: string): Promise<Answer> =>
    other.ask('PUT', `/v1/accounts/${own.id}/dedicated-endpoints/${name}`, {
      key: own.owner,
      body: { model: 'mistral' },
    });
  for (const name of times(9, (i) => `e${i}`)) expect((await put(name)).status).toBe(201);
  expect((await put('e9')).body).toMatchObject({ code: 'limit_reached' });
});

test('L6 a raise for a model counts before a higher one for all models', async () => {
  const tokens = 'batch.enqueued_tokens';
  await decide(await pending({ key: tokens, model: MODEL, requested: 20_000_000_000 }), { decision: 'approve' });
  await decide(await pending({ key: tokens, requested: 50_000_000_000 }), { decision: 'approve' });
  expect(await limitOf(tokens, MODEL)).toBe(20_000_000_000);
  expect(await limitOf(tokens)).toBe(50_000_000_000);
  // Above the model's own limit, though below that of all models.
  await decide(await pending({ key: tokens, model: MODEL, requested: 30_000_000_000 }), { decision: 'approve' });
  expect(await limitOf(tokens, MODEL)).toBe(30_000_000_000);
});

test.each([
  ['not above what stands', { requested: 5 }, 422, 'out_of_range'],
  ['more than it can be raised to', { requested: 1_001 }, 422, 'out_of_range'],
  ['a limit that is the same for everybody', { key: 'batch.file_bytes', requested: 10 ** 12 }, 422, 'limit_fixed'],
  ['a model where limits are not counted by model', { model: MODEL }, 400, 'invalid_request'],
  ['an unknown model', { key: 'batch.enqueued_tokens', model: 'none', requested: 10 ** 11 }, 422, 'unknown_model'],
  [
    'a model without batches',
    { key: 'batch.enqueued_tokens', model: 'llama', requested: 10 ** 11 },
    422,
    'model_not_supported',
  ],
  ['an unknown limit', { key: 'constructor' }, 400, 'invalid_request'],
  ['a fraction', { requested: 8.5 }, 400, 'invalid_request'],
  ['more than a number can be', { requested: 1e300 }, 400, 'invalid_request'],
  ['no reason', { reason: ' ' }, 400, 'invalid_request'],
])('L6 %s is refused, and nothing is written down', async (_name, body, status, code) => {
  expect(await askFor(body)).toMatchObject({ status, body: { code } });
  const { body: listed } = await api.ask('GET', `/v1/accounts/${own.id}/limit-requests`, { key: own.owner });
  expect(listed.data).toEqual([]);
});

test('L6 two clicks are one request, in whatever process; once it is decided the same can be asked again', async () => {
  const path = `/v1/accounts/${own.id}/limit-requests`;
  const clicks = times(6, (i) => (i % 2 === 0 ? api : other).ask('POST', path, { key: own.owner, body: asked }));
  const answers = await Promise.all(clicks);
  expect(answers.map(({ status }) => status)).toEqual(times(6, () => 201));
  const [id, ...more] = new Set(answers.map(({ body }) => body.id));
  expect(more).toEqual([]);
  const { body: audit } = await api.ask('GET', `/v1/accounts/${own.id}/audit`, { key: own.owner });
  expect(audit.data.filter(({ action }: any) => action === 'limit_request.create')).toHaveLength(1);
  expect(await pending({ reason: 'A launch in April.' })).not.toBe(id);
  await decide(id, { decision: 'deny' });
  expect(await pending()).not.toBe(id);
});

test('L6 of thirty requests at once twenty are taken, and another one when one is decided', async () => {
  const answers = await Promise.all(times(30, (i) => askFor({ requested: 10 + i })));
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(20);
  for (const { body } of answers.filter(({ status }) => status !== 201))
    expect(body).toMatchObject({ status: 409, code: 'too_many_limit_requests', limit: 20, in_use: 20 });
  await decide(answers.find(({ status }) => status === 201)!.body.id, { decision: 'deny' });
  expect([(await askFor({ requested: 40 })).status, (await askFor({ requested: 41 })).status]).toEqual([201, 409]);
});

test('L6 of many decisions at once exactly one is taken; each later one is refused, changes and tells nothing', async () => {
  const id = await pending();
  const wishes = times(12, (i) => (i % 3 === 0 ? { decision: 'deny' } : { decision: 'approve', limit: 10 + i }));
  const answers = await Promise.all(wishes.map((wish, i) => decide(id, wish, i % 2 === 0 ? api : other)));
  const [won, ...more] = answers.filter(({ status }) => status === 200);
  expect(more).toEqual([]);
  for (const { body } of answers.filter((answer) => answer !== won))
    expect(body).toMatchObject({ status: 409, code: 'limit_request_decided' });
  const { status, limit } = won!.body;
  expect(await limitOf('dedicated.endpoints')).toBe(limit ?? 5);
  const repeated = await decide(id, status === 'denied' ? { decision: 'deny' } : { decision: 'approve', limit });
  expect(repeated).toMatchObject({ status: 409, body: { detail: expect.stringContaining(status) } });
  expect(await limitOf('dedicated.endpoints')).toBe(limit ?? 5);
  expect((await noticesOf()).filter(({ kind }) => kind === 'limit_request_decided')).toHaveLength(1);
});

test('L6 two requests approved at once never lower the limit: the smaller one is refused when the larger came first', async () => {
  const ids = [await pending({ requested: 8 }), await pending({ requested: 12 })];
  const answers = await Promise.all(ids.map((id) => decide(id, { decision: 'approve' })));
  expect(answers[1]!.status).toBe(200);
  expect([200, 422]).toContain(answers[0]!.status);
  expect(await limitOf('dedicated.endpoints')).toBe(12);
  const late = await decide(await pending({ requested: 20 }), { decision: 'approve', limit: 12 });
  expect(late).toMatchObject({ status: 422, body: { code: 'out_of_range', detail: expect.stringContaining('12') } });
});

test('L6 the limit is held against what stands when it is decided: a higher tier may have it already', async () => {
  const id = await pending({ requested: 8 });
  await api.ask('PATCH', `/v1/accounts/${own.id}`, { key: api.admin, body: { tier: 'high' } });
  expect(await decide(id, { decision: 'approve' })).toMatchObject({ status: 422, body: { code: 'out_of_range' } });
  expect(await decide(id, { decision: 'approve', limit: 25 })).toMatchObject({ status: 200, body: { limit: 25 } });
});

test.each([
  [{ decision: 'deny', limit: 8 }, 400],
  [{ decision: 'approve', limit: 0 }, 400],
  [{ decision: 'perhaps' }, 400],
  [{ decision: 'deny', note: '' }, 400],
  [{ decision: 'approve', limit: 1_001 }, 422],
])('L6 the decision %j is refused, and the request still waits', async (body, status) => {
  const id = await pending();
  expect((await decide(id, body)).status).toBe(status);
  expect((await api.ask('GET', `/v1/limit-requests/${id}`, { key: api.admin })).body.status).toBe('pending');
});

test('N1 owners and the resource modifier who asked are told of the decision, once each; nobody else is', async () => {
  const { body } = await askFor({}, own.modifier);
  await decide(body.id, { decision: 'approve', limit: 7, note: 'Seven for now' });
  const [told] = (await noticesOf()).filter(({ kind }) => kind === 'limit_request_decided');
  expect(told.data).toEqual({
    request: body.id,
    key: 'dedicated.endpoints',
    model: null,
    decision: 'approve',
    limit: '7',
    note: 'Seven for now',
  });
  expect(told.deliveries.map(({ to }: any) => to).sort()).toEqual([
    `owner@${own.id}.example`,
    `resource_modifier@${own.id}.example`,
  ]);
});

test('L6 the lists are newest first, in pages, by status', async () => {
  const ids = [await pending(), await pending({ requested: 9 }), await pending({ requested: 10 })];
  await decide(ids[1]!, { decision: 'deny' });
  const list = async (query: string): Promise<any> =>
    (await api.ask('GET', `/v1/accounts/${own.id}/limit-requests${query}`, { key: own.owner })).body;
  const idsOf = ({ data }: any): string[] => data.map(({ id }: any) => id);
  const first = await list('?limit=2');
  expect(idsOf(first)).toEqual([ids[2], ids[1]]);
  const rest = await list(`?limit=2&cursor=${first.nextCursor}`);
  expect([idsOf(rest), rest.nextCursor]).toEqual([[ids[0]], null]);
  expect(idsOf(await list('?status=pending'))).toEqual([ids[2], ids[0]]);
  expect(idsOf(await list('?status=denied'))).toEqual([ids[1]]);
  expect((await list('?status=open')).code).toBe('invalid_request');
});

test('L6 nothing is asked or decided for an account that is being closed; erasing it denies and erases what waits', async () => {
  const { pool } = api.database;
  const [decided, waiting] = [await pending(), await pending({ requested: 9 })];
  await decide(decided, { decision: 'approve' });
  await pool.query('update accounts set closing_at = now() where id = $1', [own.id]);
  expect(await askFor({ requested: 10 })).toMatchObject({ status: 409, body: { code: 'account_closed' } });
  expect(await decide(waiting, { decision: 'approve' })).toMatchObject({
    status: 409,
    body: { code: 'account_closed' },
  });
  await transaction(pool, async (tx) => {
    await tx.query('select erase_account($1)', [own.id]);
    await tx.query('select erase_account($1)', [own.id]);
  });
  const { rows } = await pool.query(
    'select actor, reason, note, member_id, status, decided_by, limit_value from limit_requests where account_id = $1 order by created_at',
    [own.id],
  );
  const erased = { actor: 'owner:erased', reason: 'erased', note: null, member_id: null };
  expect(rows).toEqual([
    { ...erased, status: 'approved', decided_by: 'admin:test', limit_value: 8n },
    { ...erased, status: 'denied', decided_by: 'closing', limit_value: null },
  ]);
});

test('L6 what waits is denied in the transaction that begins to close its account, and its workflow is due at once', async () => {
  const { pool } = api.database;
  const { body } = await askFor({}, own.modifier);
  await pool.query(`update limit_requests set start_at = now() + interval '1 hour' where id = $1`, [body.id]);
  const wish = { accountId: own.id, reason: 'test', actor: 'admin:test', nowMs: Date.now() };
  const begin = (balance: 'forfeit' | null) =>
    transaction(pool, (tx) => beginClosing(tx, { ...wish, balance }, POLICY));
  await expect(
    transaction(pool, async (tx) => {
      expect((await beginClosing(tx, { ...wish, balance: null }, POLICY)).kind).toBe('balance_left');
      throw new Error('refused');
    }),
  ).rejects.toThrow('refused');
  expect((await api.ask('GET', `/v1/limit-requests/${body.id}`, { key: api.admin })).body.status).toBe('pending');
  for (const nth of [1, 2]) {
    expect([nth, (await begin('forfeit')).kind]).toEqual([nth, 'begun']);
    expect((await api.ask('GET', `/v1/limit-requests/${body.id}`, { key: api.admin })).body).toMatchObject({
      status: 'denied',
      limit: null,
      note: 'The account is being closed.',
      decidedBy: 'closing',
    });
    expect(await listLimitRequestsToStart(pool, 100)).toContainEqual({ id: body.id, isDecided: true });
  }
  const { rows } = await pool.query(
    `select d.recipient from notices n join notice_deliveries d on d.notice_id = n.id where n.key = $1 order by 1`,
    [`limit-request/${body.id}`],
  );
  expect(rows.map(({ recipient }) => recipient)).toEqual([
    `owner@${own.id}.example`,
    `resource_modifier@${own.id}.example`,
  ]);
});

test('O5 nothing is asked or decided without its audit entry', async () => {
  const id = await pending();
  await withoutAudit(api.database.owner, async () => {
    expect((await askFor({ requested: 9 })).status).toBe(500);
    expect((await decide(id, { decision: 'approve' })).status).toBe(500);
  });
  expect(await limitOf('dedicated.endpoints')).toBe(5);
  const { body } = await api.ask('GET', `/v1/accounts/${own.id}/limit-requests`, { key: own.owner });
  expect(body.data).toMatchObject([{ id, status: 'pending' }]);
});
