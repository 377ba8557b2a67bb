/** `npm run schema:save`: migrates an empty database and writes the schema that comes of it to ledger/schema.sql. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPool } from '../ledger/db';
import { migrate } from '../ledger/migrate';
import { startPostgres } from './postgres';
import { describeSchema, SCHEMA_FILE, SCHEMA_HEAD } from './schema';

async function main(): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'ballast-schema-'));
  const postgres = await startPostgres({ dataDir, durable: false });
  const pool = openPool(postgres.url);
  try {
    await migrate(pool);
    writeFileSync(SCHEMA_FILE, SCHEMA_HEAD + (await describeSchema(pool)));
    process.stdout.write('ledger/schema.sql is written\n');
  } finally {
    await pool.end();
    await postgres.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
