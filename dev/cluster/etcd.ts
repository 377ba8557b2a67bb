/** The etcd in which Patroni's nodes agree who is the primary. One member: a cluster of machines has three. */
import { join } from 'node:path';
import type { Log } from '../commands';
import type { Service } from '../keepRunning';
import { privateFolder, type Place } from './place';
import { startServer } from './server';

export function startEtcd(program: string, place: Place, log: Log): Promise<Service> {
  const client = `http://127.0.0.1:${place.ports.etcd}`;
  const peer = `http://127.0.0.1:${place.ports['etcd-peer']}`;
  return startServer({
    name: 'etcd',
    dataDir: place.dataDir,
    command: program,
    args: [
      ...['--name', 'etcd', '--data-dir', privateFolder(place, join(place.serversDir, 'etcd'))],
      ...['--listen-client-urls', client, '--advertise-client-urls', client],
      ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', `etcd=${peer}`],
      ...['--enable-v2', '--logger', 'zap', '--log-level', 'warn'],
    ],
    ...place.user,
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 10_000,
    isReady: async () => (await fetch(`${client}/health`, { signal: AbortSignal.timeout(2_000) })).ok,
    readyMsMax: 60_000,
    log,
  });
}
