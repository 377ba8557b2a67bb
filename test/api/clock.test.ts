/** Times from outside are compared with the database's clock, however wrong the clock of an API process is (B3, B4, P4). */
import { createHmac } from 'node:crypto';
import { pino } from 'pino';
import { createClock, measureClock } from '../../ledger/clock';
import { createUsageChecking } from '../../usage/checkUsage';
import { createPriceBook } from '../../usage/priceBook';
import { openAccount, putModel, report, startTestApi, TEST_WEBHOOK_SECRETS, type TestApi } from '../support/api';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const iso = (ms: number): string => new Date(ms).toISOString();
const price = (from: string, inputPerMillion: string) => ({ from, inputPerMillion });

describe.each([
  ['an hour behind', -HOUR],
  ['an hour ahead', HOUR],
])('with the clock of the API %s', (_name, offMs) => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startTestApi({ now: () => Date.now() + offMs });
    await putModel(api);
  });
  afterAll(() => api.close());

  const eventAt = (accountId: string, id: string, atMs?: number) => ({
    id,
    accountId,
    model: 'model',
    inputTokens: 1_000,
    ...(atMs !== undefined && { at: iso(atMs) }),
  });

  test('B4 events with a true time are taken, and the limits of 5 minutes and 30 days hold by the database', async () => {
    const { id } = await openAccount(api, '10.00');
    const nowMs = Date.now();
    const { body } = await report(api, [
      eventAt(id, 'now', nowMs),
      eventAt(id, 'four minutes ahead', nowMs + 4 * MINUTE),
      eventAt(id, 'six minutes ahead', nowMs + 6 * MINUTE),
      eventAt(id, 'almost 30 days ago', nowMs - 30 * DAY + MINUTE),
      eventAt(id, 'over 30 days ago', nowMs - 30 * DAY - MINUTE),
    ]);
    expect(body).toMatchObject({
      accepted: 3,
      rejected: [
        { id: 'six minutes ahead', code: 'at_out_of_range' },
        { id: 'over 30 days ago', code: 'at_out_of_range' },
      ],
    });
  });

  test('B3 an event without a time gets the true one', async () => {
    const { id } = await openAccount(api, '10.00');
    await report(api, [eventAt(id, 'untimed')]);
    const { rows } = await api.database.pool.query<{ off_seconds: number }>(
      'select abs(extract(epoch from now() - at))::float8 as off_seconds from usage_events where account_id = $1',
      [id],
    );
    expect(rows).toHaveLength(1);
    expect(rows[0]!.off_seconds).toBeLessThan(30);
  });

  test('B5 a hold is estimated by the price in force now, and settled with usage of now', async () => {
    const { id } = await openAccount(api, '10.00');
    const nowMs = Date.now();
    const prices = [
      price('2020-01-01T00:00:00Z', '1'),
      price(iso(nowMs - 30 * MINUTE), '2'),
      price(iso(nowMs + 30 * MINUTE), '3'),
    ];
    const put = { provider: 'T', license: 'open', input: ['text'], output: 'text', batch: false, prices };
    expect((await api.ask('PUT', '/v1/models/timed', { key: api.admin, body: put })).status).toBe(201);
    const { body: hold } = await api.ask('POST', `/v1/accounts/${id}/holds`, {
      key: api.service,
      body: { estimate: { model: 'timed', inputTokens: 1_000_000 } },
      headers: { 'Idempotency-Key': 'timed' },
    });
    expect(hold).toMatchObject({ amount: '2.00' });
    const events = [{ id: 'held', model: 'timed', inputTokens: 1_000_000, at: iso(nowMs) }];
    expect(
      await api.ask('POST', `/v1/accounts/${id}/holds/${hold.id}/settle`, { key: api.service, body: { events } }),
    ).toMatchObject({ status: 200, body: { charged: '2.00' } });
  });

  test('B4 a new price for a priced model starts at least a minute ahead of the database', async () => {
    const base = price('2020-01-01T00:00:00Z', '1');
    const put = async (id: string, ...prices: unknown[]) =>
      (
        await api.ask('PUT', `/v1/models/${id}`, {
          key: api.admin,
          body: { provider: 'T', license: 'open', input: ['text'], output: 'text', batch: false, prices },
        })
      ).status;
    expect(await put('lead', base)).toBe(201);
    expect(await put('lead', base, price(iso(Date.now() + 30_000), '2'))).toBe(422);
    expect(await put('lead', base, price(iso(Date.now() + 2 * MINUTE), '2'))).toBe(200);
  });

  test('P4 an event signed now is taken, one signed ten minutes ago or ahead is refused', async () => {
    const raw = JSON.stringify({ id: 'evt_1', object: 'event', type: 'of.no.use', data: { object: { id: 'x' } } });
    const statusAt = async (ms: number): Promise<number> => {
      const seconds = Math.floor(ms / 1_000);
      const signature = createHmac('sha256', TEST_WEBHOOK_SECRETS[0]!).update(`${seconds}.${raw}`).digest('hex');
      const headers = { 'Stripe-Signature': `t=${seconds},v1=${signature}` };
      return (await api.ask('POST', '/v1/webhooks/stripe', { raw, headers })).status;
    };
    expect(await statusAt(Date.now())).toBe(200);
    expect(await statusAt(Date.now() - 10 * MINUTE)).toBe(400);
    expect(await statusAt(Date.now() + 10 * MINUTE)).toBe(400);
  });

  test('9.18 readyz and a metric say how far the clock is off; readyz warns', async () => {
    const { body } = await api.ask('GET', '/readyz');
    expect(Math.abs(body.clock.skewMs + offMs)).toBeLessThan(1_000);
    expect(body.clock.warning).toMatch(offMs < 0 ? /3600 s behind/ : /3600 s ahead of/);
    const { body: metrics } = await api.ask('GET', '/metrics', { key: api.admin });
    const seconds = Number(/^ballast_clock_skew_seconds (\S+)$/m.exec(metrics)?.[1]);
    expect(Math.abs(seconds + offMs / 1_000)).toBeLessThan(1);
  });

  test('S6 gates are fresh, and told as of the time of the database', async () => {
    const { id } = await openAccount(api, '10.00');
    const { status, body } = await api.ask('GET', `/v1/accounts/${id}/gate`, { key: api.service });
    expect(status).toBe(200);
    expect(Math.abs(Date.parse(body.asOf) - Date.now())).toBeLessThan(10_000);
  });
});

test('B4 a process that is behind, because its machine was suspended, asks for the time before it refuses an event as ahead', async () => {
  const api = await startTestApi();
  await putModel(api);
  const { pool } = api.database;
  const prices = createPriceBook(pool, pino({ level: 'silent' }));
  const clock = createClock();
  clock.asking()(Date.now() - HOUR);
  const events = [0, -1, 6, -2].map((minutes, place) => ({
    id: `e${place}`,
    accountId: 'any',
    model: 'model',
    inputTokens: 1,
    at: iso(Date.now() + minutes * MINUTE),
  }));
  const checked = await createUsageChecking(pool, prices, clock)(events);
  expect(checked.rejected).toMatchObject([{ index: 2, code: 'at_out_of_range' }]);
  expect(checked.places).toEqual([0, 1, 3]);
  expect(Math.abs(clock.now() - Date.now())).toBeLessThan(1_000);
  prices.close();
  await api.close();
});

test('B3 an event without a time gets the true one from a process whose machine was suspended', async () => {
  const api = await startTestApi();
  await putModel(api);
  const { pool } = api.database;
  const prices = createPriceBook(pool, pino({ level: 'silent' }));
  let ownMs = Date.now() - HOUR;
  const clock = createClock({ now: () => ownMs });
  clock.asking()(Date.now() - HOUR);
  ownMs += HOUR;
  const event = { id: 'untimed', accountId: 'any', model: 'model', inputTokens: 1 };
  const checked = await createUsageChecking(pool, prices, clock)([event]);
  expect(Math.abs(checked.events[0]!.atMs - Date.now())).toBeLessThan(1_000);
  prices.close();
  await api.close();
});

describe('a measured clock', () => {
  let elapsedMs = 0;
  const measured = (clock: ReturnType<typeof createClock>, aheadMs: number, roundTripMs: number): void => {
    const answered = clock.asking();
    const atDatabaseMs = aheadMs + elapsedMs + roundTripMs / 2;
    elapsedMs += roundTripMs;
    answered(atDatabaseMs);
  };
  const start = () => ((elapsedMs = 0), createClock({ now: () => 500 + elapsedMs, elapsed: () => elapsedMs }));

  test('is the own one until the database has answered', () => {
    const clock = start();
    expect([clock.now(), clock.skewMs()]).toEqual([500, null]);
    measured(clock, 10_500, 2);
    expect([clock.now(), clock.skewMs()]).toEqual([10_502, 10_000]);
  });

  test('keeps the surest measurement: a slow answer that does not contradict it changes nothing', () => {
    const clock = start();
    measured(clock, 1_500, 2);
    measured(clock, 1_900, 1_000);
    expect(clock.skewMs()).toBe(1_000);
  });

  test('follows at once when the clock of the database was set', () => {
    const clock = start();
    measured(clock, 1_500, 2);
    measured(clock, 3_600_500, 400);
    expect(clock.skewMs()).toBe(3_600_000);
  });

  test('does not jump when the clock of the process does', () => {
    let ownMs = 1_000;
    const clock = createClock({ now: () => ownMs, elapsed: () => 0 });
    clock.asking()(1_000);
    ownMs += HOUR;
    expect([clock.now(), clock.skewMs()]).toEqual([1_000, -HOUR]);
  });

  test('knows that it may have slept when the own clock has run ahead of durations, until the database answers again', () => {
    let ownMs = 1_000_000;
    let sinceMs = 0;
    const clock = createClock({ now: () => ownMs, elapsed: () => sinceMs });
    expect(clock.mayHaveSlept()).toBe(false);
    clock.asking()(1_000_000);
    ownMs += 60_000;
    sinceMs += 60_000;
    expect(clock.mayHaveSlept()).toBe(false);
    ownMs += HOUR;
    expect(clock.mayHaveSlept()).toBe(true);
    const answered = clock.asking();
    ownMs += HOUR;
    answered(ownMs - HOUR);
    expect(clock.mayHaveSlept()).toBe(true);
    clock.asking()(ownMs);
    expect([clock.mayHaveSlept(), clock.now()]).toEqual([false, ownMs]);
    // Set back: nothing is older than it seems.
    ownMs -= HOUR;
    expect(clock.mayHaveSlept()).toBe(false);
  });

  test('is measured by one question to Postgres', async () => {
    const api = await startTestApi();
    const clock = createClock({ now: () => Date.now() - HOUR });
    await measureClock(api.database.pool, clock);
    expect(Math.abs(clock.skewMs()! - HOUR)).toBeLessThan(1_000);
    await api.close();
  });
});
