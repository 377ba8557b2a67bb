/** `npm run backup -- DIR`: the database as it is at one moment, and the files beside it, into a new folder. */
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Pool } from 'pg';
import { MARKER, readMarker } from '../batches/storeMarker';
import { archiveFolderOf, filesDirOf, ownerUrlOf, readConfig, type Config } from '../domain/config';
import { writeBackup } from '../ledger/backup/writeBackup';
import { openPool } from '../ledger/db';
import { listKept } from '../ledger/files/listKept';
import { readStoreOwner } from '../ledger/files/readStoreOwner';
import { listArchives } from '../ledger/usage/listArchives';
import { copyFiles } from './copyFiles';

/** Of what is missing, so many are named. */
const NAMED_MAX = 10;

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
    const missing = await findMissing(pool, config);
    await rm(partial, { recursive: true, force: true });
    await mkdir(partial, { recursive: true, mode: 0o700 });
    const { at, tables } = await writeBackup(pool, partial);
    // After the database: each file that its rows name was there by then.
    const files = await copyFiles(filesDirOf(config), join(partial, 'files'));
    const archives = await copyFiles(archiveFolderOf(config), join(partial, 'usage-archive'));
    await rename(partial, target);
    if (missing.length > 0)
      process.stderr.write(
        `WARNING: ${missing.length} files are in no folder any more, and not in the backup: ${missing.slice(0, NAMED_MAX).join(', ')}` +
          `${missing.length > NAMED_MAX ? ', …' : ''}\n`,
      );
    const rows = tables.reduce((sum, table) => sum + table.rows, 0);
    process.stdout.write(
      `${target} has the database as of ${at} (${rows} rows in ${tables.length} tables), ${files} files and ${archives} archives of usage.\n` +
        'Not in it: secrets (keep LINK_SECRET and STRIPE_SECRET_KEY: payments are rebuilt by them), and what Temporal keeps, which follows from the database.\n',
    );
  } finally {
    await pool.end();
  }
}

/**
 * What the database names and no folder has: it is lost, and the rest is backed up all the same. Throws where a folder may
 * only not be mounted here, or not be named: that one looks empty, and its content would be missing from the backup.
 */
async function findMissing(pool: Pool, config: Config): Promise<string[]> {
  const owner = await readStoreOwner(pool);
  const folders = [
    { setting: 'FILES_DIR', folder: filesDirOf(config), names: await listKept(pool) },
    {
      setting: 'USAGE_ARCHIVE_DIR',
      folder: archiveFolderOf(config),
      names: (await listArchives(pool, 'dropped')).map(({ file }) => file),
    },
  ];
  const missing: string[] = [];
  for (const { setting, folder, names } of folders) {
    const there = new Set(existsSync(folder) ? readdirSync(folder) : []);
    const lost = names.filter((name) => !there.has(name));
    missing.push(...lost.map((name) => join(folder, name)));
    if (names.length === 0 || lost.length < names.length) continue;
    const marker = join(folder, MARKER);
    if ((await readMarker(marker)) !== owner.id)
      throw new Error(
        `${resolve(folder)} has no ${names[0]}, nor any other that the database names: ${setting} must be their folder. ` +
          `If they are lost for good, write ${owner.id} into ${resolve(marker)}.`,
      );
  }
  return missing;
}

main(process.argv.slice(2)).catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
