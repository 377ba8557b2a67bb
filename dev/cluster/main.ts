/** `npm run cluster`: a production-like cluster on this machine, until Ctrl-C. */
import { openPlainOutput } from '../../telemetry/log';
import { runUntilStopped } from '../runUntilStopped';
import type { Cluster } from './cluster';
import { openCluster } from './open';

const log = openPlainOutput();

async function main(): Promise<void> {
  const { cluster, release } = await openCluster(process.env.DATA_DIR || '.ballast-cluster', log);
  const start = async () => {
    await cluster.start();
    await tell(cluster);
  };
  await runUntilStopped({ start, stop: () => cluster.stop(), isStopping: () => cluster.isStopping() }, release, log);
}

async function tell(cluster: Cluster): Promise<void> {
  const rows = [
    ['Console, API', cluster.apis.join(' and ')],
    ['Admin key', cluster.adminKey],
    [
      'Postgres',
      `${new URL(cluster.servers.databaseUrl()).host}, whichever node is the primary: now ${await cluster.servers.primary()}`,
    ],
    ['Temporal', cluster.servers.temporal],
    ['Stripe', `${cluster.stripe} (simulator)`],
  ];
  log('The cluster is ready.\n');
  for (const [name, value] of rows) log(`  ${name!.padEnd(16)}${value}`);
  log('\nCtrl-C stops it all; the next start goes on from here.\n');
}

main().catch((error: Error) => {
  log(error.message);
  process.exit(1);
});
