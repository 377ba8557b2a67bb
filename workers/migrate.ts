/** `node dist/workers/migrate.js`: migrates as MIGRATE_DATABASE_URL, and lets the role of DATABASE_URL do what the service does. */
import { readConfig } from '../domain/config';
import { prepareDatabase } from '../ledger/prepareDatabase';

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const { DATABASE_URL, MIGRATE_DATABASE_URL = DATABASE_URL } = config;
  if (!DATABASE_URL || !MIGRATE_DATABASE_URL) throw new Error('DATABASE_URL must be set.');
  const applied = await prepareDatabase(
    { ownerUrl: MIGRATE_DATABASE_URL, serviceUrl: DATABASE_URL },
    { statementMsMax: config.MIGRATE_STATEMENT_TIMEOUT },
  );
  process.stdout.write(
    applied.length > 0 ? `applied ${applied.join(', ')}\n` : 'the database has the schema of this build\n',
  );
}

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
