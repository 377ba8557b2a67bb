/** S6, O4: Postgres is restored from an older backup while API processes and replicas know higher versions. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, type Pool } from 'pg';
import { findPostgresPlace } from '../../dev/postgresPlace';
import { freePort } from '../../dev/ports';
import { startPostgres, type RunningPostgres } from '../../dev/postgres';
import { createPlatformKey } from '../../ledger/accounts/createPlatformKey';
import { openPool } from '../../ledger/db';
import { migrate } from '../../ledger/migrate';
import { startTestApi, type TestApi } from '../support/api';
import { credit, openAccount } from '../support/ledgerAccount';
import { until } from '../support/notices';
import { notedClient, type NotedClient } from '../client/support';

const dataDir = mkdtempSync(join(tmpdir(), 'ballast-restore-'));
let port: number;
let clusterDir: string;
let postgres: RunningPostgres;
let key: string;
const start = async () => (postgres = await startPostgres({ dataDir, port, durable: false }));
async function asAdmin(work: (admin: Client) => Promise<void>): Promise<void> {
  const admin = new Client({ connectionString: postgres.adminUrl });
  await admin.connect();
  await work(admin).finally(() => admin.end());
}
async function onDatabase<T>(work: (pool: Pool) => Promise<T>): Promise<T> {
  const pool = openPool(postgres.url, { connectionsMax: 1 });
  return work(pool).finally(() => pool.end());
}
const copy = (from: string, to: string): void => {
  rmSync(to, { recursive: true, force: true });
  execFileSync('cp', ['-a', from, to]);
};

/** At the backup: one account has money, one has none. */
beforeAll(async () => {
  port = await freePort();
  ({ clusterDir } = await findPostgresPlace(dataDir));
  await start();
  key = await onDatabase(async (pool) => {
    await migrate(pool);
    await openAccount(pool, 'poor');
    await openAccount(pool, 'rich');
    await credit(pool, 'rich', '10.00');
    return (await createPlatformKey(pool, 'service', 'test')).key;
  });
});
afterAll(async () => {
  await postgres.stop();
  rmSync(dataDir, { recursive: true, force: true });
  rmSync(`${clusterDir}.backup`, { recursive: true, force: true });
});

type Way = { backup(): Promise<void>; restore(): Promise<void> };
const tables = ['balances', 'ledger_lines'];
const ways: Record<string, Way> = {
  'a base backup': {
    async backup() {
      await postgres.stop();
      copy(clusterDir, `${clusterDir}.backup`);
      await start();
    },
    async restore() {
      await postgres.stop();
      copy(`${clusterDir}.backup`, clusterDir);
      await start();
    },
  },
  'a dump, into a new database of the same server': {
    backup: () => asAdmin(async (admin) => void (await admin.query('create database dump template ballast'))),
    restore: () =>
      asAdmin(async (admin) => {
        await admin.query('drop database ballast with (force)');
        await admin.query('alter database dump rename to ballast');
      }),
  },
  'a dump of the tables, under the running processes': {
    backup: () =>
      onDatabase(async (pool) => {
        for (const table of tables) await pool.query(`create table dump_${table} as select * from ${table}`);
      }),
    restore: () =>
      onDatabase(async (pool) => {
        await pool.query('begin');
        await pool.query(`delete from account_states where account_id = 'late'`);
        for (const table of tables) {
          await pool.query(`alter table ${table} disable trigger user`);
          await pool.query(`truncate ${table}`);
          await pool.query(`insert into ${table} select * from dump_${table}`);
          await pool.query(`alter table ${table} enable trigger user`);
        }
        await pool.query('commit');
      }),
  },
};

/** No answer grows stale here while a busy machine starts Postgres again. */
const RESTART_MS_MAX = 60_000;

type Answers = { api: (boolean | number)[]; client: (boolean | string)[] };

/** Waits until the process and the replica answer so. */
async function answer(
  api: TestApi,
  client: NotedClient,
  wanted: Answers,
  ids = ['poor', 'rich', 'late'],
): Promise<void> {
  const read = async (): Promise<Answers> => ({
    api: await Promise.all(
      ids.map(async (id) => {
        const { status, body } = await api.ask('GET', `/v1/accounts/${id}/gate`, { key });
        return status === 200 ? body.allowed : status;
      }),
    ),
    client: ids.map((id) => {
      const verdict = client.gate.check(id);
      return verdict.allowed || verdict.because;
    }),
  });
  await until(read, (answers) => JSON.stringify(answers) === JSON.stringify(wanted));
}

async function withApi(
  work: (api: TestApi, client: NotedClient, pool: Pool) => Promise<void>,
  wrap = (pool: Pool) => pool,
): Promise<void> {
  const pool = openPool(postgres.url);
  const api = await startTestApi({
    database: { url: postgres.url, pool: wrap(pool), owner: pool, ownerUrl: postgres.url, drop: async () => {} },
    gatePolicy: { onStale: 'fail_closed', staleAfterMs: RESTART_MS_MAX },
  });
  const client = notedClient({ url: api.url, key, gate: { staleMsMax: RESTART_MS_MAX } });
  try {
    await client.gate.ready(20_000);
    await work(api, client, pool);
  } finally {
    await client.close();
    await api.close();
    await pool.end();
  }
}

test.each(Object.entries(ways))(
  'S6 %s is restored: processes and replicas follow the restored truth, whatever versions they knew',
  async (_name, { backup, restore }) => {
    await backup();
    await withApi(async (api, client, pool) => {
      await openAccount(pool, 'late');
      await credit(pool, 'late', '10.00');
      for (let round = 0; round < 3; round++) {
        await credit(pool, 'poor', round % 2 === 0 ? '5.00' : '-5.00');
        await credit(pool, 'rich', round % 2 === 0 ? '-15.00' : '15.00');
      }
      await answer(api, client, { api: [true, false, true], client: [true, 'suspended', true] });
      await restore();
      const restored: Answers = { api: [false, true, 404], client: ['suspended', true, 'unknown_account'] };
      await answer(api, client, restored);
      // What changes from here on has lower versions than what was known, and is followed.
      await credit(pool, 'poor', '5.00');
      await answer(api, client, { api: [true, true, 404], client: [true, true, 'unknown_account'] });
      await credit(pool, 'poor', '-5.00');
      await answer(api, client, restored);
    });
  },
);

test(
  'S6 a server that starts again and has lost nothing is read anew, and answers the same',
  () =>
    withApi(async (api, client, pool) => {
      await openAccount(pool, 'steady');
      const answerOfSteady = (wanted: Answers) => answer(api, client, wanted, ['steady']);
      await answerOfSteady({ api: [false], client: ['suspended'] });
      await postgres.stop();
      await start();
      await until(() => client.errors.length, Boolean);
      await answerOfSteady({ api: [false], client: ['suspended'] });
      await credit(pool, 'steady', '5.00');
      await answerOfSteady({ api: [true], client: [true] });
    }),
  90_000,
);

test('S6 while gates are read anew after a restart, the known answers stand: nobody who has paid is denied', async () => {
  let goOn = (): void => {};
  let [withRestart, reading] = [false, false];
  const held = new Promise<void>((resolve) => (goOn = resolve));
  const slow = (pool: Pool): Pool =>
    Object.assign(Object.create(pool) as Pool, {
      query: async (...args: unknown[]) => {
        const name = (args[0] as { name?: string }).name;
        reading ||= withRestart && name === 'read-gate-page';
        // Neither the page nor a single gate: what is answered meanwhile is what was known.
        if (withRestart && (name === 'read-gate-page' || name === 'read-gate')) await held;
        return (pool.query as (...all: unknown[]) => Promise<unknown>).apply(pool, args);
      },
    });
  await withApi(async (api, client) => {
    withRestart = true;
    await postgres.stop();
    await start();
    await until(() => reading, Boolean);
    for (let i = 0; i < 20; i++) {
      expect((await api.ask('GET', '/v1/accounts/rich/gate', { key })).body).toMatchObject({ allowed: true });
      expect(client.gate.allows('rich')).toBe(true);
    }
    const before = client.gate.get('rich')!.asOf;
    goOn();
    await until(() => {
      expect(client.gate.allows('rich')).toBe(true);
      return client.gate.get('rich')!.asOf > before && client.gate.stalenessMs() < 1_500;
    }, Boolean);
  }, slow);
});

test('S6 gates of a dump from a server that had counted further are not read again at every look', async () => {
  await onDatabase((pool) => pool.query(`update balances set gate_changed_xid = '9000000000'`));
  await withApi(async (_api, _client, pool) => {
    const ahead = await pool.query(
      'select 1 from balances where gate_changed_xid >= pg_snapshot_xmax(pg_current_snapshot())',
    );
    expect(ahead.rowCount).toBe(0);
  });
});
