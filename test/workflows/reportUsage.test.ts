/** Usage that is reported to the workflow by signal (B3, B4); and what is no message at all: it stops no account. */
import { Client } from '@temporalio/client';
import * as messages from '../../workflows/messages';
import { until } from '../support/notices';
import { World } from '../support/world';

let world: World;
beforeAll(async () => {
  world = await World.start({ time: 'real' });
});
afterAll(() => world.close());

const settings = { threshold: '10.00', amount: '25.00' };

describe('B3 usage reported by signal', () => {
  const event = (id: string, inputTokens: number) => ({ id, model: 'signalled', inputTokens });
  beforeAll(() =>
    world.database.pool.query(
      `with m as (insert into models (id, provider, license, input, output, batch) values ('signalled', 'test', 'open', '{text}', 'text', false) returning id)
     insert into model_prices (model_id, starts_at, input_per_million_nano) select id, '2020-01-01', 1000000000 from m`,
    ),
  );

  test('B3 events of a signal are deducted once, however often they are signalled, and start a reload', async () => {
    const account = await world.account({ balance: '20.00', autoReload: settings });
    const events = [event('a', 4_000_000), event('b', 8_000_000), event('a', 4_000_000)];
    await account.wake(messages.reportUsageSignal, { events });
    await account.wake(messages.reportUsageSignal, { events });
    await until(
      () => account.credits(),
      (credits) => credits.length === 2,
    );
    await account.settle();
    expect(await account.available()).toBe('33.00');
  });

  test('B4 what can not be taken is kept for the admins, and the rest is taken', async () => {
    const account = await world.account({ balance: '20.00' });
    await account.wake(messages.reportUsageSignal, {
      events: [
        event('a', -1),
        { ...event('b', 1), accountId: 'somebody-else' },
        event('c', 1_000_000),
        'junk' as never,
      ],
    });
    await until(
      () => account.available(),
      (available) => available === '18.999999',
    );
    const rejected = async () =>
      (await world.database.pool.query('select event_id, code from rejected_usage where account_id = $1', [account.id]))
        .rows;
    expect(await until(rejected, ({ length }) => length > 0)).toEqual([{ event_id: 'a', code: 'invalid_event' }]);
  });

  test('B4 events that a balance at the end of 64 bits can not take are rejected and kept, and the workflow goes on', async () => {
    const account = await world.account({ balance: '20.00' });
    const post = (nano: bigint) =>
      world.database.pool.query(`select post_line($1, 'adjustment', 'adjustments', $2, $3, 'test', 'test')`, [
        account.id,
        nano.toString(),
        `test/${nano}`,
      ]);
    const [rest, all] = [20_000_000_000n, 2n ** 63n - 1n];
    // It can lose one nano-dollar more.
    for (const nano of [rest, all]) await post(-nano);
    await account.wake(messages.reportUsageSignal, { events: [event('over', 1_000_000), event('too', 1_000_000)] });
    const rejected = async () =>
      (await world.database.pool.query('select event_id, code from rejected_usage where account_id = $1', [account.id]))
        .rows;
    expect(await until(rejected, ({ length }) => length === 2)).toEqual([
      { event_id: 'over', code: 'invalid_event' },
      { event_id: 'too', code: 'invalid_event' },
    ]);
    for (const nano of [all, rest]) await post(nano);
    await account.wake(messages.reportUsageSignal, { events: [event('fine', 15_000_000)] });
    await until(
      () => account.available(),
      (available) => available === '5.00',
    );
  });

  test('B4 events that are together, or alone, larger than a message of Temporal may be are rejected and kept, and the workflow goes on', async () => {
    const account = await world.account({ balance: '20.00' });
    const large = (id: string, length: number) => ({ ...event(id, 1), note: 'x'.repeat(length) });
    const many = (name: string) => Array.from({ length: 900 }, (_, nth) => large(`${name}${nth}`, 2_000));
    // Of these nothing is cut, and they are more than a run may carry on.
    const whole = (name: string) => Array.from({ length: 1_300 }, (_, nth) => large(`${name}${nth}`, 1_300));
    for (const events of [[large('alone', 2_097_000)], many('a'), many('b'), whole('c'), whole('d'), whole('e')])
      await account.handle.signal(messages.reportUsageSignal, { events });
    await account.handle.signal(messages.reportUsageSignal, { events: [event('fine', 15_000_000)] });
    await until(
      () => account.available(),
      (available) => available === '5.00',
    );
    const rejected = async () =>
      (
        await world.database.pool.query<{ all: number; ids: number; message: string }>(
          `select count(*)::int as all, count(distinct event_id)::int as ids, min(message) as message
           from rejected_usage where account_id = $1`,
          [account.id],
        )
      ).rows;
    expect(await until(rejected, ([kept]) => kept!.all >= 5_701)).toEqual([
      { all: 5_701, ids: 5_701, message: 'there is no field "note"' },
    ]);
  });
});

describe('what is no message stops no account', () => {
  const junk: unknown[] = [
    undefined,
    null,
    7,
    'text',
    [],
    {},
    { events: null },
    { watermark: 1e30 },
    { watermark: 'x', available: 7 },
  ];
  /** After that, the account reloads as ever. */
  const goesOn = async (account: Awaited<ReturnType<typeof world.account>>) => {
    await account.use('15.00');
    await until(
      () => account.credits(),
      (credits) => credits.length === 2,
    );
  };

  test('B4 signals that carry nothing, or something else', async () => {
    const account = await world.account({ balance: '20.00', autoReload: settings });
    for (const signal of [messages.usageSignal, messages.reportUsageSignal])
      for (const given of junk) await account.handle.signal(signal.name, ...(given === undefined ? [] : [given]));
    await goesOn(account);
  });

  test('A13, O5 changes of auto-reload that say nobody who asks, or settings that are none, are refused', async () => {
    const account = await world.account({ balance: '20.00', autoReload: settings });
    const good = { thresholdCents: 500, amountCents: 500, monthlyLimitCents: null };
    const refused: [string, unknown][] = [
      ...['pauseAutoReload', 'resumeAutoReload', 'disableAutoReload', 'configureAutoReload'].flatMap(
        (name): [string, unknown][] => [undefined, null, {}, { actor: 7 }, { actor: '' }].map((given) => [name, given]),
      ),
      ...[
        null,
        { ...good, thresholdCents: undefined },
        { ...good, amountCents: 500.5 },
        { ...good, monthlyLimitCents: 'x' },
      ].map((changed): [string, unknown] => ['configureAutoReload', { actor: 'olga', settings: changed }]),
    ];
    for (const [name, given] of refused)
      await expect(
        account.handle.executeUpdate<unknown, [unknown]>(name, {
          args: (given === undefined ? [] : [given]) as [unknown],
        }),
      ).rejects.toThrow();
    await goesOn(account);
    expect(await account.autoReload()).toMatchObject({ status: 'on', thresholdCents: 1_000 });
  });

  test("O5 another system's header under our trace's name", async () => {
    const account = await world.account({ balance: '20.00', autoReload: settings });
    const encoded = (text: string) => new TextEncoder().encode(text);
    for (const [encoding, data] of [
      ['binary/encrypted', 'x'],
      ['json/plain', '{'],
      ['json/plain', '{"traceId":1}'],
    ] as const) {
      const traceparent = { metadata: { encoding: encoded(encoding) }, data: encoded(data) };
      const { connection, options } = world.client;
      const other = new Client({
        connection,
        namespace: options.namespace,
        interceptors: {
          workflow: [{ signal: (input, next) => next({ ...input, headers: { ...input.headers, traceparent } }) }],
        },
      });
      await other.workflow.getHandle(account.handle.workflowId).signal(messages.refreshSignal);
    }
    await goesOn(account);
  });
});

test('B1 a balance of billions of dollars is decided on like any other', async () => {
  const account = await world.account({ balance: '20.00', autoReload: settings });
  for (let i = 0; i < 3; i++) await account.credit('999999999.00');
  await account.wake(messages.refreshSignal);
  await until(
    async () => (await account.state()).snapshot.available,
    (available) => available === '3000000017.00',
  );
  await account.use('1.00');
  await account.settle();
  expect((await account.state()).snapshot.available).toBe('3000000016.00');
  for (let i = 0; i < 3; i++) await account.use('999999999.00');
  await account.use('10.00');
  await until(
    () => account.credits(),
    (credits) => credits.at(-1) === 'reload 25.00',
  );
});
