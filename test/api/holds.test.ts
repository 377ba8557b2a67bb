import { randomUUID } from 'node:crypto';
import pino from 'pino';
import { findViolations } from '../../ledger/transactions/findViolations';
import { startHoldSweep } from '../../workers/holdSweep';
import {
  adjust,
  fold,
  noteTaker,
  openAccount,
  putModel,
  report,
  startTestApi,
  type Answer,
  type SentSignal,
  type TestApi,
} from '../support/api';
import { until } from '../support/notices';
import { times } from '../support/times';

let api: TestApi;
let other: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  other = await startTestApi({ database: api.database });
  await putModel(api);
});
afterAll(async () => {
  const violations = await findViolations(api.database.pool);
  await other.close();
  await api.close();
  expect(violations).toEqual([]);
});

const place = (accountId: string, body: object, key: string = randomUUID(), where = api): Promise<Answer> =>
  where.ask('POST', `/v1/accounts/${accountId}/holds`, {
    key: where.service,
    body,
    headers: { 'Idempotency-Key': key },
  });
const end = (
  accountId: string,
  holdId: string,
  how: 'settle' | 'release',
  events?: unknown[],
  where = api,
): Promise<Answer> =>
  where.ask('POST', `/v1/accounts/${accountId}/holds/${holdId}/${how}`, {
    key: where.service,
    ...(events && { body: { events } }),
  });
const read = async (accountId: string, holdId: string) =>
  (await api.ask('GET', `/v1/accounts/${accountId}/holds/${holdId}`, { key: api.service })).body;
const account = async (id: string) => (await api.ask('GET', `/v1/accounts/${id}`, { key: api.admin })).body;
/** A dollar each, if not more is said. */
const event = (accountId: string, id: string, more: object = {}) => ({
  id,
  accountId,
  model: 'model',
  inputTokens: 1_000_000,
  ...more,
});
const placed = async (accountId: string, amount: string): Promise<string> =>
  (await place(accountId, { amount })).body.id;
const day = 86_400_000;

test('B5 a hold sets money aside for ten minutes, or for as long as is asked', async () => {
  const { id } = await openAccount(api, '10.00');
  const { status, body } = await place(id, { amount: '4' });
  expect(status).toBe(201);
  expect(body).toEqual({
    id: expect.any(String),
    accountId: id,
    amount: '4.00',
    status: 'open',
    expiresAt: expect.any(String),
  });
  expect(Math.abs(Date.parse(body.expiresAt) - Date.now() - 600_000)).toBeLessThan(60_000);
  expect(await account(id)).toMatchObject({ balance: '10.00', held: '4.00', available: '6.00' });
  expect(await read(id, body.id)).toMatchObject({
    id: body.id,
    status: 'open',
    charged: null,
    released: null,
    endedAt: null,
  });
  const { body: longer } = await place(id, { amount: '0.000000001', expiresInSeconds: 86_400 });
  expect(Math.abs(Date.parse(longer.expiresAt) - Date.now() - day)).toBeLessThan(60_000);
  const { body: list } = await api.ask('GET', `/v1/accounts/${id}/holds?limit=1`, { key: api.service });
  expect(list).toMatchObject({ data: [{ id: longer.id }], nextCursor: longer.id });
  const { body: rest } = await api.ask('GET', `/v1/accounts/${id}/holds?cursor=${list.nextCursor}`, {
    key: api.service,
  });
  expect(rest).toMatchObject({ data: [{ id: body.id }], nextCursor: null });
});

test('B5 an estimate is priced by what is in force, with all output and no cache', async () => {
  const { id } = await openAccount(api, '10.00');
  expect(
    (await place(id, { estimate: { model: 'model', inputTokens: 1_000_000, maxOutputTokens: 500_000 } })).body.amount,
  ).toBe('2.00');
  expect((await place(id, { estimate: { model: 'model', images: 3, imageSize: '1024x1024' } })).body.amount).toBe(
    '0.12',
  );
  expect((await place(id, { estimate: { model: 'model', inputTokens: 1, maxOutputTokens: 0 } })).body.amount).toBe(
    '0.000001',
  );
  expect(await place(id, { estimate: { model: 'nobody-sells-this', inputTokens: 1 } })).toMatchObject({
    status: 422,
    body: { code: 'unknown_model' },
  });
  expect(await place(id, { estimate: { model: 'model', images: 1, imageSize: '17x17' } })).toMatchObject({
    status: 422,
    body: { code: 'no_price' },
  });
  expect(await account(id)).toMatchObject({ held: '2.120001' });
});

test('B5 a hundred simultaneous holds through two processes never promise more than is available', async () => {
  const { id } = await openAccount(api, '10.00');
  const answers = await Promise.all(times(100, (n) => place(id, { amount: '1.00' }, `k${n}`, n % 2 ? api : other)));
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(10);
  expect(answers.filter(({ status, body }) => status === 402 && body.code === 'insufficient_funds')).toHaveLength(90);
  expect(await account(id)).toMatchObject({
    held: '10.00',
    available: '0.00',
    gate: { allowed: false, reasons: ['balance_exhausted'] },
  });
});

test('B5 one key is one hold and one answer, for ever; other content is 409', async () => {
  const { id } = await openAccount(api, '10.00');
  const body = { estimate: { model: 'model', inputTokens: 1_000_000 } };
  const answers = await Promise.all(times(20, (n) => place(id, body, 'k', n % 2 ? api : other)));
  expect(new Set(answers.map(({ status, body: answer }) => JSON.stringify([status, answer])))).toHaveProperty(
    'size',
    1,
  );
  const [first] = answers;
  await end(id, first!.body.id, 'settle', [event(id, 'a')]);
  await adjust(api, id, '-50.00');
  expect(await place(id, body, 'k')).toMatchObject({ status: 201, body: first!.body });
  expect(await place(id, { ...body, expiresInSeconds: 600 }, 'k')).toMatchObject({ status: 201, body: first!.body });
  for (const another of [
    { ...body, expiresInSeconds: 601 },
    { amount: '1.00' },
    { estimate: { model: 'model', inputTokens: 1 } },
    { estimate: { model: 'gone', inputTokens: 1 } },
  ]) {
    expect(await place(id, another, 'k')).toMatchObject({ status: 409, body: { code: 'idempotency_key_reused' } });
  }
});

test('B5 a suspended account gets no hold: 402 with the reasons', async () => {
  const { id } = await openAccount(api, '10.00');
  await api.ask('PUT', `/v1/accounts/${id}/suspension`, { key: api.admin, body: { reason: 'x' } });
  expect(await place(id, { amount: '1.00' })).toMatchObject({
    status: 402,
    body: { code: 'account_suspended', status: 402, reasons: ['admin_suspended'] },
  });
  const { id: empty } = await openAccount(api);
  expect(await place(empty, { amount: '1.00' })).toMatchObject({
    status: 402,
    body: { code: 'account_suspended', reasons: ['balance_exhausted'] },
  });
  expect(await place('nobody', { amount: '1.00' })).toMatchObject({ status: 404 });
});

test('bad holds are refused with the field that is wrong, and nothing is held', async () => {
  const { id } = await openAccount(api, '10.00');
  const cases: [object, number, string, string][] = [
    [{}, 400, 'invalid_request', ''],
    [{ amount: '1.00', estimate: { model: 'model', inputTokens: 1 } }, 400, 'invalid_request', ''],
    [{ amount: 1 }, 400, 'invalid_request', 'amount'],
    [{ amount: '1.0000000001' }, 400, 'invalid_request', 'amount'],
    [{ amount: '0.00' }, 422, 'out_of_range', 'amount'],
    [{ amount: '-1.00' }, 422, 'out_of_range', 'amount'],
    [{ amount: '1.00', expiresInSeconds: 9 }, 422, 'out_of_range', 'expiresInSeconds'],
    [{ amount: '1.00', expiresInSeconds: 86_401 }, 422, 'out_of_range', 'expiresInSeconds'],
    [{ amount: '1.00', expiresInSeconds: 10.5 }, 400, 'invalid_request', 'expiresInSeconds'],
    [{ amount: '1.00', colour: 'red' }, 400, 'invalid_request', ''],
    [{ estimate: { model: 'model' } }, 400, 'invalid_request', 'estimate'],
    [{ estimate: { model: 'model', inputTokens: -1 } }, 400, 'invalid_request', 'estimate.inputTokens'],
    [{ estimate: { model: 'nul\u0000', inputTokens: 1 } }, 400, 'invalid_request', 'estimate.model'],
  ];
  for (const [body, status, code, path] of cases) {
    expect([body, await place(id, body)]).toMatchObject([body, { status, body: { code, errors: [{ path }] } }]);
  }
  expect(await place(id, { amount: '1.00' }, '')).toMatchObject({
    status: 400,
    body: { code: 'idempotency_key_required' },
  });
  expect(await account(id)).toMatchObject({ held: '0.00' });
});

test('B5 settling posts the usage and gives the rest back; the same again answers the same, for ever', async () => {
  const { id } = await openAccount(api, '10.00');
  const hold = await placed(id, '4.00');
  const events = [event(id, 'a'), { id: 'b', model: 'model', outputTokens: 250_000, holdId: hold }];
  const first = await end(id, hold, 'settle', events);
  expect(first).toMatchObject({ status: 200, body: { status: 'settled', charged: '1.50', released: '2.50' } });
  expect(await account(id)).toMatchObject({ balance: '8.50', held: '0.00' });
  const old = new Date(Date.now() - 40 * day).toISOString();
  for (const again of [events, [...events].reverse(), events.map((one) => ({ ...one, at: old }))]) {
    expect((await end(id, hold, 'settle', again)).body).toEqual(first.body);
  }
  for (const content of [
    [events[0]],
    [...events, event(id, 'c')],
    [event(id, 'a', { inputTokens: 1 }), events[1]],
    ['text'],
  ]) {
    expect(await end(id, hold, 'settle', content)).toMatchObject({ status: 409, body: { code: 'hold_ended' } });
  }
  expect(await end(id, hold, 'release')).toMatchObject({ status: 409, body: { code: 'hold_ended' } });
  expect(await account(id)).toMatchObject({ balance: '8.50', held: '0.00' });
  expect(await read(id, hold)).toMatchObject({
    status: 'settled',
    charged: '1.50',
    released: '2.50',
    endedAt: expect.any(String),
  });
});

test('B5 settling above the hold takes the rest from the balance, and closes the gate at once', async () => {
  const { id } = await openAccount(api, '10.00');
  const hold = await placed(id, '4.00');
  await fold(api, id);
  expect((await end(id, hold, 'settle', [event(id, 'a', { inputTokens: 11_000_000 })])).body).toEqual({
    status: 'settled',
    charged: '11.00',
    released: '0.00',
  });
  expect((await api.ask('GET', `/v1/accounts/${id}/gate`, { key: api.service })).body).toMatchObject({
    allowed: false,
  });
  expect(api.signals).toContainEqual({
    accountId: id,
    signal: 'usage',
    args: [expect.objectContaining({ available: '-1.00' })],
  });
});

test('B5 an invalid event: 422 that names it, nothing is posted, the hold stays open, and admins find the event', async () => {
  const { id } = await openAccount(api, '10.00');
  const { id: foreign } = await openAccount(api, '10.00');
  const hold = await placed(id, '4.00');
  await report(api, [event(id, 'taken')]);
  const cases: [unknown, string][] = [
    [event(id, 'bad', { inputTokens: -1 }), 'invalid_event'],
    [event(id, 'bad', { model: 'nobody-sells-this' }), 'unknown_model'],
    [event(id, 'bad', { images: 1, imageSize: '17x17' }), 'no_price'],
    [event(id, 'bad', { at: new Date(Date.now() - 31 * day).toISOString() }), 'at_out_of_range'],
    [event(id, 'taken', { inputTokens: 1 }), 'event_conflict'],
    [event(foreign, 'bad'), 'invalid_event'],
    [event(id, 'bad', { holdId: randomUUID() }), 'invalid_event'],
    [null, 'invalid_event'],
    [[[]], 'invalid_event'],
    ['\ud800\u0000', 'invalid_event'],
  ];
  for (const [bad, code] of cases) {
    const answer = await end(id, hold, 'settle', [event(id, 'good'), bad]);
    expect([bad, answer]).toMatchObject([
      bad,
      {
        status: 422,
        body: { code: 'events_rejected', errors: [{ path: 'events.1' }], rejected: [{ index: 1, code }] },
      },
    ]);
  }
  expect(await account(id)).toMatchObject({ balance: '9.00', held: '4.00' });
  expect(
    (await api.ask('GET', `/v1/accounts/${id}/rejected-usage`, { key: api.admin })).body.data.length,
  ).toBeGreaterThanOrEqual(6);
  expect((await end(id, hold, 'settle', [event(id, 'good')])).body).toEqual({
    status: 'settled',
    charged: '1.00',
    released: '3.00',
  });
});

test('a wrong envelope is 400, too many events 413; a hold that is not there or not of the account 404', async () => {
  const { id } = await openAccount(api, '10.00');
  const { id: foreign } = await openAccount(api, '10.00');
  const hold = await placed(id, '4.00');
  expect((await end(id, hold, 'settle', [])).status).toBe(400);
  expect(
    (
      await api.ask('POST', `/v1/accounts/${id}/holds/${hold}/settle`, {
        key: api.service,
        body: { events: [event(id, 'a')], more: 1 },
      })
    ).status,
  ).toBe(400);
  expect(
    (
      await end(
        id,
        hold,
        'settle',
        Array.from({ length: 5_001 }, (_, n) => event(id, `e${n}`)),
      )
    ).status,
  ).toBe(413);
  expect((await end(id, 'not-a-uuid', 'settle', [event(id, 'a')])).status).toBe(400);
  for (const how of ['settle', 'release'] as const) {
    expect((await end(id, randomUUID(), how, [event(id, 'a')])).status).toBe(404);
    expect((await end(foreign, hold, how, [event(foreign, 'a')])).status).toBe(404);
  }
  expect((await api.ask('GET', `/v1/accounts/${foreign}/holds/${hold}`, { key: api.service })).status).toBe(404);
  expect((await api.ask('GET', '/v1/accounts/nobody/holds', { key: api.service })).status).toBe(404);
  expect(await read(id, hold)).toMatchObject({ status: 'open' });
});

test('B5 a release gives all back, once; what was released does not settle', async () => {
  const { id } = await openAccount(api, '10.00');
  const hold = await placed(id, '4.00');
  const answers = await Promise.all(times(10, (n) => end(id, hold, 'release', undefined, n % 2 ? api : other)));
  expect(new Set(answers.map(({ status, body }) => JSON.stringify([status, body])))).toHaveProperty('size', 1);
  expect(answers[0]).toMatchObject({
    status: 200,
    body: { id: hold, status: 'released', released: '4.00', charged: null },
  });
  expect(await account(id)).toMatchObject({ balance: '10.00', held: '0.00' });
  expect(await end(id, hold, 'settle', [event(id, 'a')])).toMatchObject({ status: 409, body: { code: 'hold_ended' } });
});

test('B4 usage of a settle that is refused because its hold is unknown or released is kept for the admins', async () => {
  const { id } = await openAccount(api, '10.00');
  const hold = await placed(id, '4.00');
  await end(id, hold, 'release');
  for (let time = 0; time < 2; time++) {
    expect(await end(id, hold, 'settle', [event(id, 'of released')])).toMatchObject({ status: 409 });
    expect(await end(id, randomUUID(), 'settle', [event(id, 'of unknown')])).toMatchObject({ status: 404 });
  }
  const { body } = await api.ask('GET', `/v1/accounts/${id}/rejected-usage`, { key: api.admin });
  const kept = body.data.map(({ code, event: { id: eventId, inputTokens } }: any) => ({ code, eventId, inputTokens }));
  const { inputTokens } = event(id, 'any');
  expect(kept).toHaveLength(2);
  for (const eventId of ['of released', 'of unknown'])
    expect(kept).toContainEqual({ code: 'unknown_hold', eventId, inputTokens });
  expect(await account(id)).toMatchObject({ balance: '10.00' });

  await report(api, [event(id, 'charged otherwise')]);
  const keptThen = async (one: object): Promise<number> => {
    expect(await end(id, hold, 'settle', [one])).toMatchObject({ status: 409 });
    return (await api.ask('GET', `/v1/accounts/${id}/rejected-usage`, { key: api.admin })).body.data.length;
  };
  expect(await keptThen(event(id, 'charged otherwise'))).toBe(2);
  expect(await keptThen({ ...event(id, 'charged otherwise'), outputTokens: 77 })).toBe(3);
});

test('B5 settle and release at the same time: exactly one wins', async () => {
  for (let round = 0; round < 10; round++) {
    const { id } = await openAccount(api, '10.00');
    const hold = await placed(id, '4.00');
    const [settled, released] = await Promise.all([
      end(id, hold, 'settle', [event(id, 'a')], api),
      end(id, hold, 'release', undefined, other),
    ]);
    expect([settled.status, released.status].sort()).toEqual([200, 409]);
    expect(await account(id)).toMatchObject({ balance: settled.status === 200 ? '9.00' : '10.00', held: '0.00' });
  }
});

test('B5 twenty simultaneous settles with the same content are one, and all answer the same', async () => {
  const { id } = await openAccount(api, '10.00');
  const hold = await placed(id, '4.00');
  const answers = await Promise.all(times(20, (n) => end(id, hold, 'settle', [event(id, 'a')], n % 2 ? api : other)));
  expect(new Set(answers.map(({ status, body }) => JSON.stringify([status, body])))).toEqual(
    new Set([JSON.stringify([200, { status: 'settled', charged: '1.00', released: '3.00' }])]),
  );
  expect(await account(id)).toMatchObject({ balance: '9.00', held: '0.00' });
});

test('B5 a settle that loses its connection has done nothing, and goes through when it is repeated', async () => {
  const { id } = await openAccount(api, '10.00');
  const hold = await placed(id, '4.00');
  const { pool } = api.database;
  const blocker = await pool.connect();
  await blocker.query('begin');
  await blocker.query('select 1 from balances where account_id = $1 for update', [id]);
  const lost = end(id, hold, 'settle', [event(id, 'a')]);
  const waiting = `from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`;
  await until(
    async () => (await pool.query(`select 1 ${waiting}`)).rowCount,
    (count) => count === 1,
  );
  await pool.query(`select pg_terminate_backend(pid) ${waiting}`);
  expect(await lost).toMatchObject({ status: 503, body: { code: 'database_unavailable' } });
  await blocker.query('rollback');
  blocker.release();
  expect(await account(id)).toMatchObject({ balance: '10.00', held: '4.00' });
  expect(await end(id, hold, 'settle', [event(id, 'a')])).toMatchObject({ status: 200, body: { charged: '1.00' } });
});

test('B5 a usage event that carries holdId settles that hold in its commit; an unknown hold rejects that event', async () => {
  const { id } = await openAccount(api, '10.00');
  const { id: foreign } = await openAccount(api, '10.00');
  const [hold, theirs] = [await placed(id, '4.00'), await placed(foreign, '4.00')];
  const { body } = await report(api, [
    event(id, 'a', { holdId: hold }),
    event(id, 'b', { holdId: hold.toUpperCase() }),
    event(id, 'c', { holdId: theirs }),
    event(id, 'd', { holdId: randomUUID() }),
    event(id, 'e', { holdId: 'x' }),
    event(id, 'f'),
  ]);
  expect(body).toMatchObject({
    accepted: 3,
    duplicates: 0,
    rejected: [
      { index: 2, code: 'unknown_hold' },
      { index: 3, code: 'unknown_hold' },
      { index: 4, code: 'unknown_hold' },
    ],
  });
  expect(await account(id)).toMatchObject({ balance: '7.00', held: '0.00' });
  expect(await read(id, hold)).toMatchObject({ status: 'settled', charged: '2.00', released: '2.00' });
  expect((await report(api, [event(id, 'a', { holdId: hold })])).body).toMatchObject({ accepted: 0, duplicates: 1 });
  expect((await report(api, [event(id, 'g', { holdId: hold })])).body).toMatchObject({ accepted: 1 });
  expect(await end(id, hold, 'settle', [event(id, 'a')])).toMatchObject({ status: 409 });
  expect(await account(foreign)).toMatchObject({ held: '4.00' });
});

test('B5 a hold expires by itself: the gate opens and the workflow is told, also when it was due before the sweep began', async () => {
  const { id } = await openAccount(api, '10.00');
  await fold(api, id);
  const hold = await placed(id, '10.00');
  await api.database.pool.query('update balances set folded_available_nano = 0 where account_id = $1', [id]);
  expect((await api.ask('GET', `/v1/accounts/${id}/gate`, { key: other.service })).body).toMatchObject({
    allowed: false,
  });
  await api.database.pool.query(`update holds set expires_at = now() - interval '1 hour' where id = $1`, [hold]);
  const signals: SentSignal[] = [];
  const sweep = startHoldSweep({
    pool: api.database.pool,
    client: noteTaker(signals),
    log: pino({ level: 'silent' }),
    tickMs: 20,
  });
  await until(
    () => read(id, hold),
    ({ status }) => status === 'expired',
  );
  await until(
    async () => (await other.ask('GET', `/v1/accounts/${id}/gate`, { key: other.service })).body.allowed,
    (allowed) => allowed === true,
  );
  const next = await placed(id, '1.00');
  await api.database.pool.query(`update holds set expires_at = now() where id = $1`, [next]);
  await until(
    () => read(id, next),
    ({ status }) => status === 'expired',
  );
  await sweep.stop();
  expect(signals[0]).toMatchObject({ accountId: id, signal: 'usage', args: [{ available: '10.00' }] });
  expect(await end(id, hold, 'settle', [event(id, 'a')])).toMatchObject({
    status: 200,
    body: { status: 'settled', charged: '1.00', released: '0.00' },
  });
});
