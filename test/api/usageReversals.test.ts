import { findViolations } from '../../ledger/transactions/findViolations';
import { openAccount, putModel, report, startTestApi, type Answer, type TestApi } from '../support/api';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  await putModel(api);
});
afterAll(async () => {
  const violations = await findViolations(api.database.pool);
  await api.close();
  expect(violations).toEqual([]);
});

const reverse = (body: object, key: string): Promise<Answer> =>
  api.ask('POST', '/v1/usage/reversals', { key: api.admin, body, headers: { 'Idempotency-Key': key } });
const event = (accountId: string, id: string, more: object = {}) => ({
  id,
  accountId,
  model: 'model',
  inputTokens: 1_000_000,
  ...more,
});

test('B6 a reversal gives the cost of an event back as a line of its own; reports leave the event out', async () => {
  const { id, owner } = await openAccount(api, '1.50');
  await report(api, [event(id, 'a'), event(id, 'b')]);
  expect((await api.ask('GET', `/v1/accounts/${id}/gate`, { key: api.service })).body.allowed).toBe(false);
  const answer = await reverse({ accountId: id, eventId: 'a', reason: 'the answer was cut off' }, 'k');
  expect(answer).toMatchObject({
    status: 201,
    body: {
      sequence: 3,
      kind: 'usage_reversal',
      amount: '1.00',
      balanceAfter: '0.50',
      reference: 'event/a',
      description: 'the answer was cut off',
    },
  });
  expect((await api.ask('GET', `/v1/accounts/${id}/gate`, { key: api.service })).body).toMatchObject({
    allowed: true,
    state: 'low',
  });
  expect((await api.ask('GET', `/v1/accounts/${id}/usage`, { key: owner })).body).toMatchObject({
    total: '1.00',
    rows: [{ requests: 1 }],
  });
  expect((await api.ask('GET', `/v1/accounts/${id}/transactions?limit=1`, { key: owner })).body.data).toEqual([
    answer.body,
  ]);
  expect((await api.ask('GET', `/v1/accounts/${id}/audit`, { key: owner })).body.data[0]).toMatchObject({
    action: 'usage.reverse',
    details: { eventId: 'a', amount: '1.00' },
  });
  expect((await report(api, [event(id, 'a')])).body).toMatchObject({ accepted: 0, duplicates: 1 });
});

test('B6 twenty simultaneous reversals under one key are one line and one answer; under keys of their own, one is taken', async () => {
  const { id } = await openAccount(api, '5.00');
  await report(api, [event(id, 'a'), event(id, 'b')]);
  const body = { accountId: id, eventId: 'a', reason: 'x' };
  const same = await Promise.all(Array.from({ length: 20 }, () => reverse(body, 'k')));
  expect(new Set(same.map(({ status, body: answer }) => JSON.stringify([status, answer])))).toHaveProperty('size', 1);
  expect(same[0]!.status).toBe(201);
  const own = await Promise.all(Array.from({ length: 20 }, (_, n) => reverse({ ...body, eventId: 'b' }, `k${n}`)));
  expect(own.filter(({ status }) => status === 201)).toHaveLength(1);
  expect(own.filter(({ status, body: { code } }) => status === 409 && code === 'already_reversed')).toHaveLength(19);
  expect((await api.ask('GET', `/v1/accounts/${id}`, { key: api.admin })).body.balance).toBe('5.00');
});

test('B6 twice is 409, other content under a key 409, what is not there 404, and bad fields 400', async () => {
  const { id } = await openAccount(api, '5.00');
  await report(api, [event(id, 'a'), event(id, 'b')]);
  const body = { accountId: id, eventId: 'a', reason: 'x' };
  await reverse(body, 'k');
  expect(await reverse(body, 'another')).toMatchObject({ status: 409, body: { code: 'already_reversed' } });
  expect(await reverse({ ...body, eventId: 'b' }, 'k')).toMatchObject({
    status: 409,
    body: { code: 'idempotency_key_reused' },
  });
  expect(await reverse({ ...body, reason: 'y' }, 'k')).toMatchObject({
    status: 409,
    body: { code: 'idempotency_key_reused' },
  });
  expect(await reverse({ ...body, eventId: 'none' }, 'k2')).toMatchObject({ status: 404 });
  expect(await reverse({ ...body, accountId: 'nobody' }, 'k2')).toMatchObject({ status: 404 });
  expect(await reverse({ ...body, eventId: 'nul\u0000' }, 'k2')).toMatchObject({
    status: 400,
    body: { errors: [{ path: 'eventId' }] },
  });
  expect(await reverse({ ...body, reason: '' }, 'k2')).toMatchObject({
    status: 400,
    body: { errors: [{ path: 'reason' }] },
  });
  expect(await reverse(body, '')).toMatchObject({ status: 400, body: { code: 'idempotency_key_required' } });
  expect((await api.ask('GET', `/v1/accounts/${id}`, { key: api.admin })).body.balance).toBe('4.00');
});

test('B6 an event that cost nothing can be reversed, once', async () => {
  const { id } = await openAccount(api, '5.00');
  await report(api, [event(id, 'free', { inputTokens: 0 })]);
  expect(await reverse({ accountId: id, eventId: 'free', reason: 'x' }, 'k')).toMatchObject({
    status: 201,
    body: { amount: '0.00' },
  });
  expect(await reverse({ accountId: id, eventId: 'free', reason: 'x' }, 'k2')).toMatchObject({ status: 409 });
});

test('B2 the database itself refuses to change a reversal', async () => {
  await expect(api.database.owner.query('delete from usage_reversals')).rejects.toThrow(/append-only: DELETE refused/);
});
