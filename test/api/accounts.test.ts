import { createPlatformKey } from '../../ledger/accounts/createPlatformKey';
import { adjust, fold, openAccount, startTestApi, type Answer, type TestApi } from '../support/api';
import { times } from '../support/times';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

const owner = { name: 'Olga', email: 'olga@example.com', role: 'owner' };
const open = (body: object): Promise<Answer> => api.ask('POST', '/v1/accounts', { key: api.admin, body });

test('S1 a new account is suspended until money arrives', async () => {
  const { status, body } = await open({ id: 'new', name: 'New', members: [owner] });
  expect(status).toBe(201);
  expect(body).toMatchObject({
    id: 'new',
    balance: '0.00',
    held: '0.00',
    available: '0.00',
    gate: { allowed: false, state: 'suspended', reasons: ['balance_exhausted'] },
    autoReload: { status: 'off', threshold: null, amount: null, reload: null },
  });
  expect((await adjust(api, 'new', '0.01')).body).toMatchObject({
    sequence: 1,
    kind: 'adjustment',
    amount: '0.01',
    balanceAfter: '0.01',
  });
  expect((await api.ask('GET', '/v1/accounts/new/gate', { key: api.service })).body).toMatchObject({
    allowed: true,
    state: 'low',
    reasons: [],
  });
});

test('an account id is taken once, also when twenty ask at the same time', async () => {
  const answers = await Promise.all(times(20, () => open({ id: 'twin', name: 'Twin', members: [owner] })));
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
  expect(answers.filter(({ status, body }) => status === 409 && body.code === 'account_exists')).toHaveLength(19);
});

test('bad accounts are refused with the field that is wrong', async () => {
  const cases: [object, number, string][] = [
    [{ name: 'X', members: [] }, 400, 'members'],
    [{ name: 'X' }, 400, 'members'],
    [{ id: 'a b', name: 'X', members: [owner] }, 400, 'id'],
    [{ id: 'x'.repeat(65), name: 'X', members: [owner] }, 400, 'id'],
    [{ name: 'nul\u0000', members: [owner] }, 400, 'name'],
    [{ name: '\ud800', members: [owner] }, 400, 'name'],
    [{ name: 'X', members: [{ ...owner, email: 'nobody' }] }, 400, 'members.0.email'],
    [{ name: 'X', members: [{ ...owner, role: 'admin' }] }, 400, 'members.0.role'],
    [{ name: 'X', members: [owner], balance: '100' }, 400, ''],
  ];
  for (const [body, status, path] of cases) {
    const answer = await open(body);
    expect(answer).toMatchObject({ status, body: { code: 'invalid_request', errors: [{ path }] } });
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
  }
  expect(await open({ name: 'X', members: [{ ...owner, role: 'member' }] })).toMatchObject({
    status: 422,
    body: { code: 'owner_required' },
  });
  expect(
    await open({ id: 'doubled', name: 'X', members: [owner, { ...owner, email: 'OLGA@example.com' }] }),
  ).toMatchObject({ status: 409, body: { code: 'member_exists' } });
  expect((await api.ask('GET', '/v1/accounts/doubled', { key: api.admin })).status).toBe(404);
});

test('accounts are listed newest first, in pages, and filtered by gate, auto-reload and text', async () => {
  for (const name of ['First', 'Second', 'Third'])
    await open({ id: `list-${name}`, name: `Listed 100% ${name}`, members: [owner] });
  await adjust(api, 'list-Second', '100.00');
  const list = async (query: string) => (await api.ask('GET', `/v1/accounts?${query}`, { key: api.admin })).body;
  const ids = (page: { data: { id: string }[] }) => page.data.map(({ id }) => id);
  expect(ids(await list('q=listed%20100%25'))).toEqual(['list-Third', 'list-Second', 'list-First']);
  expect(ids(await list('q=listed_100'))).toEqual([]);
  const first = await list('q=list-&limit=2');
  expect(first).toMatchObject({ nextCursor: 'list-Second' });
  expect(ids(await list(`q=list-&limit=2&cursor=${first.nextCursor}`))).toEqual(['list-First']);
  expect(ids(await list('q=list-&gate=ok'))).toEqual(['list-Second']);
  expect(ids(await list('q=list-&autoReload=on'))).toEqual([]);
  for (const query of ['limit=0', 'limit=201', 'limit=x', 'gate=open', 'colour=red', 'q=a&q=b', 'cursor=%00']) {
    expect((await api.ask('GET', `/v1/accounts?${query}`, { key: api.admin })).status).toBe(400);
  }
});

test('name and tier change', async () => {
  const { id } = await openAccount(api);
  const patch = (body: object) => api.ask('PATCH', `/v1/accounts/${id}`, { key: api.admin, body });
  expect(await patch({ name: 'Renamed', tier: 'gold' })).toMatchObject({
    status: 200,
    body: { name: 'Renamed', tier: 'gold' },
  });
  expect(await patch({})).toMatchObject({ status: 200, body: { name: 'Renamed' } });
  expect((await patch({ balance: '5' })).status).toBe(400);
});

test('members come and go, but never the last owner', async () => {
  const { id, owner: key } = await openAccount(api);
  const members = `/v1/accounts/${id}/members`;
  const {
    body: { data },
  } = await api.ask('GET', members, { key });
  expect(data.map(({ role }: { role: string }) => role).sort()).toEqual(['member', 'owner', 'resource_modifier']);
  const boss = data.find(({ role }: { role: string }) => role === 'owner');
  expect(await api.ask('DELETE', `${members}/${boss.id}`, { key })).toMatchObject({
    status: 409,
    body: { code: 'last_owner' },
  });
  expect(await api.ask('PATCH', `${members}/${boss.id}`, { key, body: { role: 'member' } })).toMatchObject({
    status: 409,
    body: { code: 'last_owner' },
  });
  const { body: second } = await api.ask('POST', members, {
    key,
    body: { name: 'Two', email: 'two@example.com', role: 'owner' },
  });
  expect(
    await api.ask('POST', members, { key, body: { name: 'Two', email: 'TWO@example.com', role: 'member' } }),
  ).toMatchObject({ status: 409, body: { code: 'member_exists' } });
  expect(await api.ask('PATCH', `${members}/${second.id}`, { key, body: { email: boss.email } })).toMatchObject({
    status: 409,
    body: { code: 'member_exists' },
  });
  const removals = await Promise.all(
    [boss.id, second.id].map((memberId) => api.ask('DELETE', `${members}/${memberId}`, { key: api.admin })),
  );
  expect(removals.map(({ status }) => status).sort()).toEqual([204, 409]);
});

test('a key is shown once, speaks for its member, and is revoked at once; elsewhere within a second', async () => {
  const { id, owner: key } = await openAccount(api);
  const other = await startTestApi({ database: api.database });
  const {
    body: { data },
  } = await api.ask('GET', `/v1/accounts/${id}/members`, { key });
  const memberId = data.find(({ role }: { role: string }) => role === 'member').id;
  const { status, body: made } = await api.ask('POST', `/v1/accounts/${id}/keys`, { key, body: { memberId } });
  expect(status).toBe(201);
  expect(made.key).toMatch(/^bk_[\w-]{43}$/);
  const seen = (where: TestApi) => where.ask('GET', `/v1/accounts/${id}`, { key: made.key });
  expect([(await seen(api)).status, (await seen(other)).status]).toEqual([200, 200]);
  expect(JSON.stringify((await api.ask('GET', `/v1/accounts/${id}/keys`, { key })).body)).not.toContain(made.key);

  expect((await api.ask('DELETE', `/v1/accounts/${id}/keys/${made.id}`, { key })).status).toBe(204);
  const revokedMs = Date.now();
  expect((await seen(api)).status).toBe(401);
  while ((await seen(other)).status !== 401) expect(Date.now() - revokedMs).toBeLessThan(5_000);
  expect((await api.ask('DELETE', `/v1/accounts/${id}/keys/${made.id}`, { key })).status).toBe(404);
  await other.close();
});

test('removing a member revokes their keys, and a changed role counts at once', async () => {
  const { id, owner: key, member, modifier } = await openAccount(api);
  const {
    body: { data },
  } = await api.ask('GET', `/v1/accounts/${id}/members`, { key });
  const idOf = (role: string) => data.find((one: { role: string }) => one.role === role).id;
  expect((await api.ask('GET', `/v1/accounts/${id}/audit`, { key: member })).status).toBe(403);
  await api.ask('PATCH', `/v1/accounts/${id}/members/${idOf('member')}`, { key, body: { role: 'owner' } });
  expect((await api.ask('GET', `/v1/accounts/${id}/audit`, { key: member })).status).toBe(200);
  await api.ask('DELETE', `/v1/accounts/${id}/members/${idOf('resource_modifier')}`, { key });
  expect((await api.ask('GET', `/v1/accounts/${id}`, { key: modifier })).status).toBe(401);
});

test('keys of the platform are made, listed and revoked by admins; only hashes are stored', async () => {
  const { body: made } = await api.ask('POST', '/v1/keys', {
    key: api.admin,
    body: { role: 'service', name: 'gateway' },
  });
  expect((await api.ask('GET', '/v1/authorize', { key: made.key, headers: { 'X-Account-Id': 'nobody' } })).status).toBe(
    403,
  );
  expect((await api.ask('GET', '/v1/keys', { key: api.admin })).body.data).toContainEqual(
    expect.objectContaining({ id: made.id, role: 'service', name: 'gateway' }),
  );
  const { rows } = await api.database.pool.query('select api_keys::text as row from api_keys');
  expect(rows.some(({ row }) => (row as string).includes(made.key))).toBe(false);
  expect((await api.ask('DELETE', `/v1/keys/${made.id}`, { key: api.admin })).status).toBe(204);
  expect((await api.ask('GET', '/v1/models', { key: made.key })).status).toBe(401);
});

test('malformed credentials are 401', async () => {
  const { key } = await createPlatformKey(api.database.pool, 'admin', 'x');
  for (const Authorization of [
    '',
    'Bearer',
    'Bearer ',
    `Basic ${key}`,
    key,
    `Bearer ${key} x`,
    `Bearer ${'x'.repeat(10_000)}`,
  ]) {
    const { status, headers } = await api.ask('GET', '/v1/keys', { headers: { Authorization } });
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toBe('Bearer');
  }
  expect((await api.ask('GET', '/v1/keys', { headers: { Authorization: `bearer ${key}` } })).status).toBe(200);
});

test('B6 twenty simultaneous adjustments under one key are one line and one answer; other content is refused', async () => {
  const { id } = await openAccount(api);
  const ask = (body: object, key = 'k') =>
    api.ask('POST', `/v1/accounts/${id}/adjustments`, { key: api.admin, body, headers: { 'Idempotency-Key': key } });
  const answers = await Promise.all(times(20, () => ask({ amount: '5.00', reason: 'goodwill' })));
  expect(new Set(answers.map(({ status, body }) => JSON.stringify([status, body])))).toHaveProperty('size', 1);
  expect(answers[0]).toMatchObject({
    status: 201,
    body: { sequence: 1, amount: '5.00', balanceAfter: '5.00', description: 'goodwill' },
  });
  expect(await ask({ amount: '5.01', reason: 'goodwill' })).toMatchObject({
    status: 409,
    body: { code: 'idempotency_key_reused' },
  });
  expect(await ask({ amount: '5.00', reason: 'other' })).toMatchObject({
    status: 409,
    body: { code: 'idempotency_key_reused' },
  });
  expect(await ask({ amount: '-7.000000001', reason: 'fix' }, 'k2')).toMatchObject({
    status: 201,
    body: { balanceAfter: '-2.000000001' },
  });
  expect(await ask({ amount: '0.00', reason: 'none' }, 'k3')).toMatchObject({
    status: 422,
    body: { code: 'out_of_range' },
  });
  expect((await ask({ amount: '1.0000000001', reason: 'too fine' }, 'k4')).status).toBe(400);
  expect(await ask({ amount: '1', reason: 'x' }, '')).toMatchObject({
    status: 400,
    body: { code: 'idempotency_key_required' },
  });
  const { body } = await api.ask('GET', `/v1/accounts/${id}/audit`, { key: api.admin });
  expect(body.data.filter(({ action }: { action: string }) => action === 'adjustment.post')).toHaveLength(2);
});

test('no balance runs out of what the ledger can hold: such a credit is refused', async () => {
  const { id } = await openAccount(api);
  const statuses = [];
  for (let i = 0; i < 10; i++) statuses.push((await adjust(api, id, '999999999')).status);
  expect(statuses).toEqual([...Array(9).fill(201), 422]);
});

test('S2 an admin suspends and lifts it; reasons add up, and the workflow is told', async () => {
  const { id } = await openAccount(api, '10.00');
  await fold(api, id);
  const suspend = () =>
    api.ask('PUT', `/v1/accounts/${id}/suspension`, { key: api.admin, body: { reason: 'looks odd' } });
  const first = await suspend();
  expect(first).toMatchObject({
    status: 200,
    body: { allowed: false, state: 'suspended', reasons: ['admin_suspended'] },
  });
  expect((await suspend()).body.version).toBe(first.body.version);
  expect(api.signals).toContainEqual({ accountId: id, signal: 'reasonsChanged', args: [] });
  await adjust(api, id, '-10.00');
  expect((await api.ask('GET', `/v1/accounts/${id}/gate`, { key: api.service })).body.reasons).toEqual([
    'balance_exhausted',
    'admin_suspended',
  ]);
  expect(
    (await api.ask('DELETE', `/v1/accounts/${id}/suspension?reason=payment_disputed`, { key: api.admin })).body.reasons,
  ).toEqual(['balance_exhausted', 'admin_suspended']);
  expect((await api.ask('DELETE', `/v1/accounts/${id}/suspension`, { key: api.admin })).body.reasons).toEqual([
    'balance_exhausted',
  ]);
  expect((await adjust(api, id, '10.00')).status).toBe(201);
  expect((await api.ask('GET', `/v1/accounts/${id}/gate`, { key: api.service })).body).toMatchObject({
    allowed: true,
    state: 'ok',
  });
  expect(
    (await api.ask('PUT', '/v1/accounts/nobody/suspension', { key: api.admin, body: { reason: 'x' } })).status,
  ).toBe(404);
});
