/**
 * Runs a command of an operator's, a program below `dist`, on the database of the `npm start` in DATA_DIR where the
 * environment names none: `node dist/dev/onDatabase.js workers/backup.js /backups/today`.
 */
import { join } from 'node:path';
import { readConfig } from '../domain/config';
import { rememberedDatabase } from './postgres';

async function main([program, ...args]: string[]): Promise<void> {
  if (!program) throw new Error('Say which program.');
  const { DATABASE_URL, MIGRATE_DATABASE_URL, DATA_DIR } = readConfig(process.env);
  if (DATABASE_URL === undefined && MIGRATE_DATABASE_URL === undefined) {
    const found = rememberedDatabase(DATA_DIR);
    if (!found) throw new Error(`No npm start has its database in ${DATA_DIR}: run it first, or set DATABASE_URL.`);
    Object.assign(process.env, { DATABASE_URL: found.serviceUrl, MIGRATE_DATABASE_URL: found.url });
  }
  const path = join(__dirname, '..', program);
  process.argv = [process.execPath, path, ...args];
  await import(path);
}

main(process.argv.slice(2)).catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
});
