/** C3: the lists of followed accounts are looked at in slices, each account's once in ten looks, whoever comes and goes. */
import { createTopicWatch } from '../../api/stream/topicWatch';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { openAccount } from '../support/ledgerAccount';
import { times } from '../support/times';

let database: TestDatabase;
beforeAll(async () => (database = await createTestDatabase()));
afterAll(() => database.drop());

const LOOKS = 10;

test('C3 a look is at a tenth of the accounts; one that stays is looked at in each round, though others leave', async () => {
  const ids = times(40, (n) => `followed-${n}`);
  for (const id of ids) await openAccount(database.pool, id);
  const watched = new Map(ids.map((id) => [id, { isWatching: false }]));
  const asked: string[][] = [];
  const changed: string[] = [];
  const pool = new Proxy(database.pool, {
    get: (real, name) =>
      name === 'query'
        ? (query: { text: string; values: [string[]] }) => (asked.push(query.values[0]), real.query(query))
        : (Reflect.get(real, name) as unknown),
  });
  const topics = createTopicWatch(pool, {
    watched,
    onWatching: (id) => (watched.get(id)!.isWatching = true),
    onChanged: (id) => changed.push(id),
  });
  const look = async (): Promise<string[]> => {
    topics.lookOn();
    await topics.idle();
    return asked.splice(0).flat();
  };

  expect((await look()).sort()).toEqual([...ids].sort());
  for (let n = 1; n < LOOKS; n++) expect(await look()).toHaveLength(4);
  await look();

  const stays = ids.at(-1)!;
  for (const id of ids) if (id !== stays) watched.delete(id);
  await database.pool.query('update account_states set strikes = strikes + 1 where account_id = $1', [stays]);
  const after: string[] = [];
  for (let n = 0; n < LOOKS; n++) after.push(...(await look()));
  expect(new Set(after)).toEqual(new Set([stays]));
  expect(changed).toEqual([stays]);
});
