/** A server that was the primary and is a standby now: no connection to it is used, and none is left when it is the primary again (issue 13, 3). */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDatabaseOutage } from '../../ledger/databaseOutage';
import { startPostgres, type RunningPostgres } from '../../dev/postgres';
import { isUnanswered, openPool, transaction } from '../../ledger/db';
import { until } from '../support/notices';

let dataDir: string;
let postgres: RunningPostgres;
const start = async (port?: number): Promise<void> => {
  const settings = ['wal_level=replica', 'max_wal_senders=2'];
  postgres = await startPostgres({ dataDir, durable: false, settings, ...(port && { port }) });
};
beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'ballast-standby-'));
  await start();
});
afterAll(async () => {
  await postgres.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

const failure = async (work: Promise<unknown>): Promise<Error> => {
  const outcome = await work.then(
    () => 'it went through',
    (error: Error) => error,
  );
  expect(outcome).toBeInstanceOf(Error);
  return outcome as Error;
};

test('a pool refuses a standby, reads too, and finds the primary again by itself; who may read anywhere may', async () => {
  const pool = openPool(postgres.url);
  const reader = openPool(postgres.url, { mayBeStandby: true });
  try {
    await pool.query('create table notes (text text)');
    await pool.query("insert into notes values ('kept')");

    await postgres.stop();
    writeFileSync(join(dataDir, 'postgres', 'standby.signal'), '');
    await start(Number(new URL(postgres.url).port));

    const read = () => pool.query('select text from notes');
    const write = () => transaction(pool, (tx) => tx.query("insert into notes values ('lost')"));
    for (const work of [read, write, read]) {
      const error = await failure(work());
      expect(error.message).toMatch(/standby/);
      expect(isDatabaseOutage(error)).toBe(true);
    }
    expect(pool.totalCount).toBe(0);
    expect((await reader.query('select text from notes')).rows).toEqual([{ text: 'kept' }]);

    await reader.query('select pg_promote()');
    await write();
    expect((await read()).rows).toHaveLength(2);
  } finally {
    await Promise.all([pool.end(), reader.end()]);
  }
});

test('a connection that can not write is dropped by the transaction that finds it so, and its caller is told of an outage', async () => {
  const owner = openPool(postgres.url);
  const pool = openPool(postgres.url, { connectionsMax: 1 });
  const write = () => transaction(pool, (tx) => tx.query('create table if not exists written (at timestamptz)'));
  try {
    await owner.query('alter database ballast set default_transaction_read_only = on');
    const error = await failure(write());
    expect(error).toMatchObject({ code: '25006' });
    expect(isDatabaseOutage(error)).toBe(true);
    expect(pool.totalCount).toBe(0);

    // On this connection, which was opened before, one may still write.
    await owner.query('alter database ballast reset default_transaction_read_only');
    await write();
  } finally {
    await Promise.all([owner.end(), pool.end()]);
  }
});

test('a commit that waits for its standby is never taken for done because its time is over', async () => {
  const owner = openPool(postgres.url);
  const pool = openPool(postgres.url, { connectionsMax: 1, statementMsMax: 100, queryMsMax: 1_000 });
  try {
    await owner.query('create table acknowledged (at timestamptz)');
    await owner.query("alter system set synchronous_standby_names = 'nobody'");
    await owner.query('select pg_reload_conf()');
    // It takes a moment until a server follows its settings.
    const insert = () =>
      transaction(pool, async (tx) => {
        await tx.query('set local synchronous_commit = on');
        await tx.query('insert into acknowledged values (now())');
      });
    const error = await until(
      () =>
        insert().then(
          () => null,
          (cause: Error) => cause,
        ),
      // On a busy machine the statement itself may take too long: that says nothing of its commit.
      (outcome) => outcome !== null && (outcome as { code?: string }).code !== '57014',
    );
    expect(isUnanswered(error)).toBe(true);
    expect(isDatabaseOutage(error)).toBe(true);
  } finally {
    await owner.query('alter system reset synchronous_standby_names');
    await owner.query('select pg_reload_conf()');
    await Promise.all([owner.end(), pool.end()]);
  }
});
