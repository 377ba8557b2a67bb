/** The Postgres nodes: each a Patroni that makes its Postgres the primary or a standby of it, as etcd says. */
import { join } from 'node:path';
import { sleep, type Log } from '../commands';
import type { Service } from '../keepRunning';
import { privateFile, privateFolder, type NodeName, type Place } from './place';
import type { Programs } from './programs';
import { startServer } from './server';

/** In seconds: a primary that is not heard of for `ttl` is replaced, so that is what an outage takes at least. `loop_wait + 2 × retry_timeout` may not be more. */
const TIMES = { ttl: 10, loop_wait: 2, retry_timeout: 4 };

/**
 * Starts the node each time it is called.
 * @param awayMs so long after its Patroni has died
 * @param stopped aborts when it is not to start any more
 */
export function createNode(
  programs: Programs,
  place: Place,
  name: NodeName,
  awayMs: number,
  stopped: AbortSignal,
  log: Log,
): () => Promise<Service> {
  let diedMs: number | null = null;
  return async () => {
    if (diedMs !== null) await sleep(Math.max(0, diedMs + awayMs - Date.now()));
    if (stopped.aborted) throw new Error(`${name} is not to start any more`);
    const service = await startNode(programs, place, name, log);
    void service.exited.then(() => (diedMs = Date.now()));
    return service;
  };
}

export const nodeFolder = (place: Place, node: NodeName): string => join(place.serversDir, node);
export const nodeData = (place: Place, node: NodeName): string => join(nodeFolder(place, node), 'data');

function startNode(programs: Programs, place: Place, node: NodeName, log: Log): Promise<Service> {
  const folder = privateFolder(place, nodeFolder(place, node));
  const settings = JSON.stringify(settingsOf(programs, place, node), null, 2); // JSON is YAML
  return startServer({
    name: node,
    dataDir: place.dataDir,
    command: programs.patroni,
    args: [privateFile(place, join(folder, 'patroni.yml'), settings)],
    ...place.user,
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 60_000, // it stops its Postgres, with a checkpoint
    isReady: async () => {
      const answer = await fetch(`${patroniUrl(place, node)}/liveness`, { signal: AbortSignal.timeout(2_000) });
      return answer.ok;
    },
    readyMsMax: 60_000,
    log,
  });
}

export const patroniUrl = (place: Place, node: NodeName): string =>
  `http://127.0.0.1:${place.ports[`${node}-patroni`]}`;

function settingsOf({ postgresBin }: Programs, place: Place, node: NodeName): object {
  const { superuser, replicator } = place.passwords;
  const patroni = `127.0.0.1:${place.ports[`${node}-patroni`]}`;
  const postgres = `127.0.0.1:${place.ports[`${node}-postgres`]}`;
  return {
    scope: 'ballast',
    name: node,
    restapi: { listen: patroni, connect_address: patroni },
    // By the older protocol: with Debian's Patroni 3.0 and `etcd3` a node that was frozen took the lock back from its successor.
    etcd: { host: `127.0.0.1:${place.ports.etcd}` },
    bootstrap: {
      dcs: {
        ...TIMES,
        // A commit is told when a standby has it on its disk, and only that standby may take over; without one it waits.
        synchronous_mode: true,
        synchronous_mode_strict: true,
        maximum_lag_on_failover: 1_048_576,
        postgresql: { use_pg_rewind: true, use_slots: true, parameters: PARAMETERS },
      },
      initdb: [{ encoding: 'UTF8' }, { locale: 'C.UTF-8' }, 'data-checksums'],
    },
    postgresql: {
      listen: postgres,
      connect_address: postgres,
      data_dir: nodeData(place, node),
      bin_dir: postgresBin,
      pgpass: join(nodeFolder(place, node), 'pgpass'),
      authentication: {
        superuser: { username: 'postgres', password: superuser },
        replication: { username: 'replicator', password: replicator },
      },
      parameters: { unix_socket_directories: '' },
      pg_hba: ['host replication replicator 127.0.0.1/32 scram-sha-256', 'host all all 127.0.0.1/32 scram-sha-256'],
    },
  };
}

const PARAMETERS = {
  synchronous_commit: 'on',
  // After a failover commits wait for a standby that follows: one that asked the lost primary in vain waits so long, 5 s by default.
  wal_retrieve_retry_interval: '200ms',
  max_connections: 200,
  shared_buffers: '256MB',
  max_wal_size: '4GB',
  checkpoint_timeout: '15min',
  password_encryption: 'scram-sha-256',
  timezone: 'UTC',
  log_timezone: 'UTC',
  jit: 'off',
};

export interface Member {
  name: NodeName;
  role: 'leader' | 'sync_standby' | 'replica';
  state: string;
}

/** As the first Patroni that answers sees them; none while none does. */
export async function readMembers(place: Place, nodes: readonly NodeName[]): Promise<Member[]> {
  for (const node of nodes) {
    try {
      const answer = await fetch(`${patroniUrl(place, node)}/cluster`, { signal: AbortSignal.timeout(2_000) });
      if (answer.ok) return ((await answer.json()) as { members: Member[] }).members;
    } catch {
      // The next may.
    }
  }
  return [];
}
