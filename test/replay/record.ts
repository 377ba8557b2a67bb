/** Records the histories of all scenarios anew: `npm run history:record`. Old files stay; they must go on replaying. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { saveHistories } from '../../dev/histories';
import { startPostgres } from '../../dev/postgres';
import { startTemporal } from '../../dev/temporal';
import { World } from '../support/world';
import { scenarios } from './scenarios';

const log = (line: string) => void process.stdout.write(`${line}\n`);

async function main(only: string[]): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'ballast-record-'));
  const postgres = await startPostgres({ dataDir, durable: false, log });
  // So few events make a run long enough to continue as new within seconds.
  const temporal = await startTemporal({
    dataDir: null,
    namespace: 'default',
    log,
    dynamicConfig: { 'limit.historyCount.suggestContinueAsNew': '100' },
  });
  process.env.TEST_PG_URL = postgres.adminUrl;
  process.env.TEST_TEMPORAL_ADDRESS = temporal.address;
  const world = await World.start({
    time: 'real',
    relay: true,
    webhooks: true,
    limitRequests: true,
    policy: { retryDelaysMs: [1_000, 1_500] },
    filesDir: join(dataDir, 'files'),
  });
  try {
    for (const [name, play] of Object.entries(scenarios)) {
      if (only.length > 0 && !only.includes(name)) continue;
      const files = await saveHistories(world.client, await play(world), name);
      log(`${name}: ${files.map((file) => basename(file)).join(', ')}`);
    }
  } finally {
    await world.close();
    await temporal.stop();
    await postgres.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

main(process.argv.slice(2)).then(
  () => process.exit(0),
  (error: Error) => {
    log(error.stack ?? error.message);
    process.exit(1);
  },
);
