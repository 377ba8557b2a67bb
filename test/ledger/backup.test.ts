/** O4: a backup has all that is only in folders, or is not made. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { insertBatchModel, insertInput } from '../support/batchJob';
import { setTimeout as sleep } from 'node:timers/promises';
import { restoreBackup } from '../../ledger/backup/restoreBackup';
import { writeBackup } from '../../ledger/backup/writeBackup';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { credit, openAccount } from '../support/ledgerAccount';
import { dist } from '../support/paths';

let database: TestDatabase;
let folder: string;
beforeEach(async () => {
  database = await createTestDatabase();
  folder = mkdtempSync(join(tmpdir(), 'ballast-backup-'));
});
afterEach(async () => {
  rmSync(folder, { recursive: true });
  await database.drop();
});

const [files, archives] = ['files', 'archives'];
function backup(): { status: number | null; stderr: string; made: string[] } {
  const { status, stderr } = spawnSync(process.execPath, [join(dist, 'workers', 'backup.js'), join(folder, 'backup')], {
    encoding: 'utf8',
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: database.ownerUrl,
      FILES_DIR: join(folder, files),
      USAGE_ARCHIVE_DIR: join(folder, archives),
    },
  });
  return { status, stderr, made: readdirSync(folder).filter((name) => name.startsWith('backup')) };
}

test('O4 a backup without the folder of files, which the database names, is refused', async () => {
  await insertBatchModel(database.pool);
  const id = await insertInput(database.pool, await openAccount(database.pool), 1);
  const { status, stderr, made } = backup();
  expect({ status, made }).toEqual({ status: 1, made: [] });
  expect(stderr).toMatch(new RegExp(`files has no ${id}, .* FILES_DIR`));
  mkdirSync(join(folder, files));
  writeFileSync(join(folder, files, id), 'content');
  expect(backup()).toMatchObject({ status: 0, made: ['backup'] });
  expect(readdirSync(join(folder, 'backup', 'files'))).toEqual([id]);
});

test('O4, B8 a backup without the archives, which alone have their events, is refused', async () => {
  await database.owner.query(
    `insert into usage_archives (month, file, sha256, bytes, events, cost_nano, first_posting, last_posting, dropped_at)
     values ('2026-01', 'usage-2026-01.ndjson.gz', 'x', 1, 1, 1, 1, 1, now())`,
  );
  const { status, stderr, made } = backup();
  expect({ status, made }).toEqual({ status: 1, made: [] });
  expect(stderr).toMatch(/archives has no usage-2026-01.ndjson.gz, .* USAGE_ARCHIVE_DIR/);
  mkdirSync(join(folder, archives));
  writeFileSync(join(folder, archives, 'usage-2026-01.ndjson.gz'), 'content');
  expect(backup()).toMatchObject({ status: 0, made: ['backup'] });
});

/** Marks a folder as this deployment's. */
async function mark(name: string): Promise<void> {
  const { rows } = await database.pool.query<{ id: string }>('select id from file_store');
  writeFileSync(join(folder, name, '.ballast'), rows[0]!.id);
}

test('O4 files that are lost for good keep no backup from being made: it names them', async () => {
  await insertBatchModel(database.pool);
  const id = await insertInput(database.pool, await openAccount(database.pool), 1);
  mkdirSync(join(folder, files));
  writeFileSync(join(folder, files, '.ballast'), "another's");
  expect(backup()).toMatchObject({ status: 1, made: [] });
  await mark(files);
  const { status, stderr, made } = backup();
  expect({ status, made }).toEqual({ status: 0, made: ['backup'] });
  expect(stderr).toContain(`1 files are in no folder any more, and not in the backup: ${join(folder, files, id)}`);
});

test('O4, B8 archives that are lost for good keep no backup from being made: it names them', async () => {
  await database.owner.query(
    `insert into usage_archives (month, file, sha256, bytes, events, cost_nano, first_posting, last_posting, dropped_at)
     select month, 'usage-' || month || '.ndjson.gz', 'x', 1, 1, 1, 1, 1, now() from unnest('{2026-01,2026-02}'::text[]) month`,
  );
  const nameOf = (month: string): string => join(folder, archives, `usage-${month}.ndjson.gz`);
  mkdirSync(join(folder, archives));
  writeFileSync(nameOf('2026-02'), 'content');
  const one = backup();
  expect(one).toMatchObject({ status: 0, made: ['backup'] });
  expect(one.stderr).toContain(`1 files are in no folder any more, and not in the backup: ${nameOf('2026-01')}`);
  rmSync(nameOf('2026-02'));
  rmSync(join(folder, 'backup'), { recursive: true });
  const none = backup();
  expect(none).toMatchObject({ status: 1, made: [] });
  expect(none.stderr).toMatch(/lost for good, write \S+ into .*archives\/\.ballast/);
  await mark(archives);
  expect(backup()).toMatchObject({ status: 0, made: ['backup'] });
});

const briefly = { tries: { triesMax: 3, pauseMs: 100 }, waitingTries: { triesMax: 3, pauseMs: 100 } };

test('O4 a restore finds its turn under steady traffic, in which some table is always in use', async () => {
  const account = await openAccount(database.pool);
  await credit(database.pool, account, '10.00');
  mkdirSync(join(folder, 'backup'));
  await writeBackup(database.owner, join(folder, 'backup'));
  await credit(database.pool, account, '5.00');
  let isOver = false;
  // Each begins before the one before it ends.
  const traffic = [0, 1, 2].map(async (nth) => {
    await sleep(nth * 30);
    while (!isOver) {
      const client = await database.pool.connect();
      await client.query('begin; select from balances');
      await sleep(90);
      await client.query('commit');
      client.release();
    }
  });
  try {
    await restoreBackup(database.owner, join(folder, 'backup'), briefly);
  } finally {
    isOver = true;
    await Promise.all(traffic);
  }
  const { rows } = await database.pool.query('select balance_nano::text as nano from balances');
  expect(rows).toEqual([{ nano: '10000000000' }]);
});

test('O4 a restore that somebody keeps from a table says who, and has changed nothing', async () => {
  mkdirSync(join(folder, 'backup'));
  await writeBackup(database.owner, join(folder, 'backup'));
  await openAccount(database.pool);
  const reader = await database.pool.connect();
  const { rows } = await reader.query<{ pid: number }>('select pg_backend_pid() as pid');
  await reader.query('begin; select from ledger_lines');
  try {
    await expect(restoreBackup(database.owner, join(folder, 'backup'), briefly)).rejects.toThrow(
      new RegExp(`nothing was restored. In use by: .*\\(pid ${rows[0]!.pid}, for \\d+ s\\).*stop the APIs`),
    );
  } finally {
    await reader.query('rollback');
    reader.release();
  }
  expect((await database.pool.query('select from accounts')).rowCount).toBe(1);
});
