/** A server that was the primary and is a standby now: no connection to it is used, and none is left when it is the primary again (issue 13, 3). */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDatabaseOutage } from '../../ledger/databaseOutage';
import { startPostgres, type RunningPostgres } from '../../dev/postgres';
import { openPool, transaction } from '../../ledger/db';

let dataDir: string;
let postgres: RunningPostgres;
const start = async (port?: number): Promise<void> => {
  const settings = ['wal_level=replica'];
  postgres = await startPostgres({ dataDir, durable: false, settings, ...(port && { port }) });
};
beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'ballast-standby-'));
  await start();
}, 120_000);
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
}, 60_000);

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
