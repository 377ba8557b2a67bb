/** Entry point of the batches' worker: a process of its own at low priority, so that no job slows anything else (L5). */
import { Client, Connection } from '@temporalio/client';
import { createFolderStore } from '../batches/fileStore';
import { openPacer } from '../batches/pace';
import { filesDirOf, readConfig, secretsOf } from '../domain/config';
import { LOW_PRIORITY_CONNECT_MS_MAX, openPool, SERVICE_LIMITS } from '../ledger/db';
import { readStoreOwner } from '../ledger/files/readStoreOwner';
import { migrateOrWait } from '../ledger/migrate';
import { addPaceMetrics } from '../telemetry/paceMetrics';
import { openProcessOutput } from '../telemetry/processOutput';
import { addPoolMetrics } from '../telemetry/poolMetrics';
import { startProcessMetrics } from '../telemetry/processMetrics';
import { takeLowPriority } from '../telemetry/priority';
import { tellReady } from '../telemetry/ready';
import { tracePool } from '../telemetry/tracePool';
import { connectionTo } from '../workflows/startOptions';
import { startCountingFiles, startErasing } from './batchFiles';
import { startClosingOverdue } from './batchOverdue';
import { startStartingBatches } from './batchStarts';
import { createBatchWorker } from './createBatchWorker';
import { startSweepingFiles } from './fileSweep';
import { startHeartbeat } from './heartbeat';
import { installRuntime } from './installRuntime';
import { addActivitySeconds } from './metrics';
import type { Repeating } from './repeat';
import { runWorkers } from './runWorkers';
import { shutDown } from './shutDown';
import { workFields } from './workFields';

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const { log, say, tracing } = await openProcessOutput('batch-worker', config, secretsOf(config), workFields);
  const { DATABASE_URL, TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE: namespace } = config;
  if (!DATABASE_URL || !TEMPORAL_ADDRESS)
    throw new Error("The batches' worker needs DATABASE_URL and TEMPORAL_ADDRESS.");
  takeLowPriority();
  installRuntime(log);
  const connectMsMax = LOW_PRIORITY_CONNECT_MS_MAX;
  await migrateOrWait(DATABASE_URL, { connectMsMax });
  const pool = openPool(DATABASE_URL, {
    ...SERVICE_LIMITS,
    connectionsMax: 6,
    connectMsMax,
    applicationName: 'ballast-batch-worker',
    onIdleError: (error) => log.warn({ error: error.message }, 'a database connection broke'),
  });
  if (tracing) tracePool(pool, tracing);
  const metrics = await startProcessMetrics('batch-worker', config, { log, say });
  addPoolMetrics(metrics, { main: pool });
  const counts = { ended: addActivitySeconds(metrics) };
  const store = createFolderStore(filesDirOf(config), () => readStoreOwner(pool));
  const connection = Connection.lazy(connectionTo(TEMPORAL_ADDRESS));
  const client = new Client({ connection, namespace });
  const pace = openPacer(config.GATES_BUSY_FILE, addPaceMetrics(metrics));
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());
  stopping.signal.addEventListener('abort', () => pace?.close());
  const loops: Repeating[] = [
    startStartingBatches({ pool, client, log }),
    startCountingFiles({ pool, store, log, pace }),
    startErasing({ pool, store, log, pace }),
    startSweepingFiles({ pool, store, log }),
    startClosingOverdue({ pool, log }),
  ];

  if (config.HEARTBEAT_FILE !== undefined) loops.push(startHeartbeat(pool, config.HEARTBEAT_FILE, log));

  await runWorkers({
    address: TEMPORAL_ADDRESS,
    client,
    create: async (native) => [
      await createBatchWorker({ connection: native, namespace, deps: { pool, log, store, counts, pace }, tracing }),
    ],
    onRunning() {
      say('batch worker ready');
      tellReady();
    },
    log,
    signal: stopping.signal,
  });
  await shutDown(loops, () => Promise.all([connection.close(), pool.end(), metrics.close()]));
  await tracing?.close();
}

main().then(
  // Temporal's runtime keeps the process alive when its workers have never run.
  () => process.exit(0),
  (error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  },
);
