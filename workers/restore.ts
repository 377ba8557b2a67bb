/** `npm run restore -- DIR`: puts a backup in the place of what the database has, while the processes run on. */
import { join, resolve } from 'node:path';
import { archiveFolderOf, filesDirOf, ownerUrlOf, readConfig } from '../domain/config';
import { restoreBackup } from '../ledger/backup/restoreBackup';
import { openPool } from '../ledger/db';
import { prepareDatabase } from '../ledger/prepareDatabase';
import { copyFiles } from './copyFiles';

async function main([folder]: string[]): Promise<void> {
  if (!folder) throw new Error('Say from which folder.');
  const config = readConfig(process.env);
  const source = resolve(folder);
  const ownerUrl = ownerUrlOf(config);
  const pool = openPool(ownerUrl, { applicationName: 'ballast-restore', connectionsMax: 2 });
  try {
    // Before the database: no row names a file that is not there. Newer files are left; what no row names goes after a week.
    const files = await copyFiles(join(source, 'files'), filesDirOf(config));
    const archives = await copyFiles(join(source, 'usage-archive'), archiveFolderOf(config));
    const { at } = await restoreBackup(pool, source);
    // The service's role may need its rights on what was made.
    await prepareDatabase({ ownerUrl, serviceUrl: config.DATABASE_URL ?? ownerUrl });
    process.stdout.write(
      `The database is as it was at ${at}; ${files} files and ${archives} archives of usage were missing and are back.\n` +
        'Now: 1. POST /v1/reconcile credits what was paid since. 2. Usage that was reported since is missing: the services send it again; ' +
        'what is here already is a duplicate and changes nothing. 3. Keys that were revoked since are in force again: revoke them.\n',
    );
  } finally {
    await pool.end();
  }
}

main(process.argv.slice(2)).catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
