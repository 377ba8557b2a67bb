/** O4: a restore has its turn while Postgres cleans up a table for long. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { startPostgres, type RunningPostgres } from '../../dev/postgres';
import { restoreBackup } from '../../ledger/backup/restoreBackup';
import { writeBackup } from '../../ledger/backup/writeBackup';
import { openPool } from '../../ledger/db';
import { prepareDatabase } from '../../ledger/prepareDatabase';
import { until } from '../support/notices';

let dataDir: string;
let postgres: RunningPostgres;
let owner: Pool;
beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'ballast-vacuum-'));
  postgres = await startPostgres({ dataDir, durable: false, settings: ['autovacuum_naptime=1s'] });
  await prepareDatabase({ ownerUrl: postgres.url, serviceUrl: postgres.serviceUrl });
  owner = openPool(postgres.url);
});
afterAll(async () => {
  await owner.end();
  await postgres.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

const briefly = { tries: { triesMax: 3, pauseMs: 100 }, waitingTries: { triesMax: 2, pauseMs: 100 } };

/** Makes work that takes an autovacuum minutes, and waits until one is at it. */
async function keepAutovacuumBusy(): Promise<void> {
  await owner.query(`
    alter table audit set (autovacuum_vacuum_threshold = 1, autovacuum_vacuum_insert_threshold = 1,
      autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_insert_scale_factor = 0,
      autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1);
    insert into audit (account_id, actor, action, details)
    select null, 'test', 'test', jsonb_build_object('text', repeat('x', 500)) from generate_series(1, 20000)`);
  await until(
    () =>
      owner.query(`select from pg_locks join pg_stat_activity using (pid)
        where relation = 'audit'::regclass and backend_type = 'autovacuum worker'`),
    ({ rowCount }) => rowCount! > 0,
  );
}

async function backup(name: string): Promise<string> {
  const folder = join(dataDir, name);
  mkdirSync(folder);
  await writeBackup(owner, folder);
  return folder;
}
const audited = async (): Promise<unknown[]> =>
  (await owner.query('select count(*)::int as rows from audit')).rows as unknown[];

test('O4 a restore ends an autovacuum that holds a table', async () => {
  const folder = await backup('superuser');
  await keepAutovacuumBusy();
  await restoreBackup(owner, folder, briefly);
  expect(await audited()).toEqual([{ rows: 0 }]);
});

test('O4 a restore by a role that may not end an autovacuum waits until Postgres does', async () => {
  const folder = await backup('owner');
  await owner.query(`
    create role keeper login password 'keeper' in role ballast;
    grant set on parameter session_replication_role to keeper`);
  const url = new URL(postgres.url);
  [url.username, url.password] = ['keeper', 'keeper'];
  const keeper = openPool(url.href);
  try {
    await keepAutovacuumBusy();
    await restoreBackup(keeper, folder, briefly);
    expect(await audited()).toEqual([{ rows: 0 }]);
  } finally {
    await keeper.end();
  }
});
