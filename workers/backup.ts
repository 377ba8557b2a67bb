/** `npm run backup -- DIR`: the database as it is at one moment, and the files beside it, into a new folder. */
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Pool } from 'pg';
import { archiveFolderOf, filesDirOf, ownerUrlOf, readConfig, type Config } from '../domain/config';
import { writeBackup } from '../ledger/backup/writeBackup';
import { openPool } from '../ledger/db';
import { readStoreOwner } from '../ledger/files/readStoreOwner';
import { listArchives } from '../ledger/usage/listArchives';
import { copyFiles } from './copyFiles';

async function main([folder]: string[]): Promise<void> {
  if (!folder) throw new Error('Say into which folder: it is made.');
  const target = resolve(folder);
  if (existsSync(target)) throw new Error(`${target} is there already: a backup is a new folder.`);
  const config = readConfig(process.env);
  const partial = `${target}.part`;
  const pool = openPool(ownerUrlOf(config), {
    applicationName: 'ballast-backup',
    connectionsMax: 1,
    mayBeStandby: true,
  });
  try {
    await requireFolders(pool, config);
    await rm(partial, { recursive: true, force: true });
    await mkdir(partial, { recursive: true, mode: 0o700 });
    const { at, tables } = await writeBackup(pool, partial);
    // After the database: each file that its rows name was there by then.
    const files = await copyFiles(filesDirOf(config), join(partial, 'files'));
    const archives = await copyFiles(archiveFolderOf(config), join(partial, 'usage-archive'));
    await rename(partial, target);
    const rows = tables.reduce((sum, table) => sum + table.rows, 0);
    process.stdout.write(
      `${target} has the database as of ${at} (${rows} rows in ${tables.length} tables), ${files} files and ${archives} archives of usage.\n` +
        'Not in it: secrets (keep LINK_SECRET and STRIPE_SECRET_KEY: payments are rebuilt by them), and what Temporal keeps, which follows from the database.\n',
    );
  } finally {
    await pool.end();
  }
}

/** A folder that is not mounted here, or not named, looks empty: its content would be missing from the backup. */
async function requireFolders(pool: Pool, config: Config): Promise<void> {
  const { expected } = await readStoreOwner(pool);
  const files = filesDirOf(config);
  if (expected.length > 0 && !expected.some((name) => existsSync(join(files, name))))
    throw new Error(
      `${resolve(files)} has no ${expected[0]}, which the database names: FILES_DIR must be the folder of files.`,
    );
  const archives = archiveFolderOf(config);
  const missing = (await listArchives(pool, 'dropped')).find(({ file }) => !existsSync(join(archives, file)));
  if (missing)
    throw new Error(
      `${resolve(archives)} has no ${missing.file}, the only place of that usage: USAGE_ARCHIVE_DIR must be the folder of archived usage.`,
    );
}

main(process.argv.slice(2)).catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
