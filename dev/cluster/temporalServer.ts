/** Temporal's server, all of its services in one process, on databases of the cluster's Postgres. */
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { run, sleep, type Log } from '../commands';
import { privateDirectory, writePrivate } from '../files';
import type { Service } from '../keepRunning';
import type { Place } from './place';
import type { Programs } from './programs';
import { startServer } from './server';

const SERVICES = ['frontend', 'matching', 'history', 'worker'] as const;
const DATABASES = { temporal: 'temporal', temporal_visibility: 'visibility' } as const;
const SCHEMA_MS_MAX = 120_000;
const READY_MS_MAX = 120_000;
/** How many parts its histories are divided into, for ever. A large cluster has hundreds. */
const SHARDS = 4;
const RETENTION_SECONDS = 3 * 86_400;

export const temporalAddress = ({ ports }: Place): string => `127.0.0.1:${ports['temporal-frontend']}`;

/** Brings the schemas of its two databases, which exist, up to date. Idempotent. */
export async function prepareTemporal({ temporalSql }: Programs, place: Place): Promise<void> {
  for (const [database, schema] of Object.entries(DATABASES)) {
    const tool = (...args: string[]) =>
      run(temporalSql, args, {
        timeoutMs: SCHEMA_MS_MAX,
        // By the environment: others read the arguments.
        env: {
          PATH: process.env.PATH,
          SQL_PLUGIN: 'postgres12',
          SQL_HOST: '127.0.0.1',
          SQL_PORT: String(place.ports.primary),
          SQL_USER: 'temporal',
          SQL_PASSWORD: place.passwords.temporal,
          SQL_DATABASE: database,
        },
      });
    // Fails where it was done before; the update says whether all is well.
    await tool('setup-schema', '--version', '0.0');
    const { code, output } = await tool('update-schema', '--schema-name', `postgresql/v12/${schema}`);
    if (code !== 0) throw new Error(`Temporal's schema ${schema} could not be made:\n${output}`);
  }
}

export async function startTemporalServer(
  { temporalServer }: Programs,
  place: Place,
  namespace: string,
  log: Log,
): Promise<Service> {
  const root = join(place.dataDir, 'temporal');
  privateDirectory(join(root, 'config'));
  writePrivate(join(root, 'config', 'cluster.yaml'), settingsOf(place)); // JSON is YAML
  const address = temporalAddress(place);
  return startServer({
    name: 'temporal',
    dataDir: place.dataDir,
    command: temporalServer,
    args: ['--root', root, '--config', 'config', '--env', 'cluster', '--allow-no-auth', 'start'],
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 20_000,
    isReady: async () => {
      const connection = await Connection.connect({ address, connectTimeout: 2_000 });
      return hasNamespace(connection, namespace).finally(() => connection.close());
    },
    readyMsMax: READY_MS_MAX,
    log,
  });
}

/** Makes the namespace where there is none, and says whether it serves: its own caches learn of it seconds later. */
async function hasNamespace({ workflowService }: Connection, namespace: string): Promise<boolean> {
  try {
    await workflowService.listWorkflowExecutions({ namespace, pageSize: 1 });
    return true;
  } catch {
    const workflowExecutionRetentionPeriod = { seconds: RETENTION_SECONDS as never };
    await workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod }).catch(() => undefined);
    await sleep(500);
    return false;
  }
}

function settingsOf({ ports, passwords }: Place): object {
  const address = `127.0.0.1:${ports['temporal-frontend']}`;
  const sql = (databaseName: string, maxConns: number) => ({
    sql: {
      pluginName: 'postgres12',
      databaseName,
      connectAddr: `127.0.0.1:${ports.primary}`,
      connectProtocol: 'tcp',
      user: 'temporal',
      password: passwords.temporal,
      maxConns,
      maxIdleConns: maxConns,
      maxConnLifetime: '1h',
    },
  });
  const rpc = (service: (typeof SERVICES)[number]) => ({
    rpc: {
      grpcPort: ports[`temporal-${service}`],
      membershipPort: ports[`temporal-${service}-membership`],
      bindOnLocalHost: true,
    },
  });
  return {
    log: { stdout: true, level: 'warn' },
    persistence: {
      defaultStore: 'default',
      visibilityStore: 'visibility',
      numHistoryShards: SHARDS,
      datastores: { default: sql('temporal', 20), visibility: sql('temporal_visibility', 5) },
    },
    global: { membership: { maxJoinDuration: '30s', broadcastAddress: '127.0.0.1' } },
    services: Object.fromEntries(SERVICES.map((service) => [service, rpc(service)])),
    clusterMetadata: {
      enableGlobalNamespace: false,
      failoverVersionIncrement: 10,
      masterClusterName: 'active',
      currentClusterName: 'active',
      clusterInformation: {
        active: { enabled: true, initialFailoverVersion: 1, rpcName: 'frontend', rpcAddress: address },
      },
    },
    dcRedirectionPolicy: { policy: 'noop' },
    publicClient: { hostPort: address },
  };
}
