import { setTimeout as sleep } from 'node:timers/promises';
import { lockBalance } from '../../ledger/accounts/lockBalance';
import { transaction } from '../../ledger/db';
import { postUnlocked } from '../../ledger/usage/postUnlocked';
import { postUsage } from '../../ledger/usage/postUsage';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { openAccount, priced } from '../support/ledgerAccount';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

test('B4 what is free is posted at once, with its outcomes at their places; what is locked is left out', async () => {
  const { pool } = database;
  const [free, locked] = [await openAccount(pool), await openAccount(pool)];
  await postUsage(pool, [priced(free, 'again', '1.00')]);
  await transaction(pool, async (tx) => {
    await lockBalance(tx, locked);
    const events = [priced(locked, 'a', '1.00'), priced(free, 'a', '1.00'), priced(free, 'again', '1.00')];
    const posted = await postUnlocked(pool, [...events, priced('nobody', 'a', '1.00')]);
    expect([...posted.locked]).toEqual([locked]);
    expect([...posted.positions.keys()]).toEqual([free]);
    expect([...posted.notPosted]).toEqual([
      [2, 'duplicate'],
      [3, 'unknown_account'],
    ]);
    expect([...(await postUnlocked(pool, [events[0]!])).locked]).toEqual([locked]);
  });
  expect((await postUnlocked(pool, [priced(locked, 'a', '1.00')])).notPosted.size).toBe(0);
});

test('B4 an account that others post for all the time has its turn', async () => {
  const { pool } = database;
  const account = await openAccount(pool);
  let isOver = false;
  // Each has asked for the lock before the other gives it back: it is never free.
  const others = [0, 1].map(async () => {
    while (!isOver)
      await transaction(pool, async (tx) => {
        await lockBalance(tx, account);
        await sleep(10);
      });
  });
  try {
    for (let n = 0; n < 10; n++)
      expect((await postUnlocked(pool, [priced(account, `${n}`, '1.00')])).locked.size).toBe(0);
  } finally {
    isOver = true;
    await Promise.all(others);
  }
});
