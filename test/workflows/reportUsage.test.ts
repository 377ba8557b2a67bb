/** Usage that is reported to the workflow by signal (B3, B4). */
import * as messages from '../../workflows/messages';
import { until } from '../support/notices';
import { World } from '../support/world';

let world: World;
beforeAll(async () => {
  world = await World.start({ time: 'skipping' });
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
});
