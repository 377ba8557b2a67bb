/** HAProxy in front of the primary: whichever node it is, it is at one address, and a session to another node is cut. */
import { join } from 'node:path';
import type { Log } from '../commands';
import type { Service } from '../keepRunning';
import { NODES, privateFile, type Place } from './place';
import { startServer } from './server';

export function startHaproxy(program: string, place: Place, log: Log): Promise<Service> {
  const status = `127.0.0.1:${place.ports['haproxy-status']}`;
  return startServer({
    name: 'haproxy',
    dataDir: place.dataDir,
    command: program,
    args: ['-db', '-f', privateFile(place, join(place.serversDir, 'haproxy.cfg'), configuration(place, status))],
    ...place.user,
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 5_000,
    isReady: async () => (await fetch(`http://${status}/ready`, { signal: AbortSignal.timeout(2_000) })).ok,
    readyMsMax: 30_000,
    log,
  });
}

function configuration({ ports }: Place, status: string): string {
  const servers = NODES.map(
    (node) => `  server ${node} 127.0.0.1:${ports[`${node}-postgres`]} check port ${ports[`${node}-patroni`]}`,
  );
  return `global
  maxconn 2000
defaults
  mode tcp
  timeout connect 2s
  timeout check 1s
  # A session that listens says nothing for long. What is dead shows by the checks.
  timeout client 24h
  timeout server 24h
  option clitcpka
  option srvtcpka
frontend status
  mode http
  bind ${status}
  monitor-uri /ready
listen primary
  bind 127.0.0.1:${ports.primary}
  option httpchk GET /primary
  http-check expect status 200
  # Who is not the primary any more keeps no session: else a pool would go on asking a standby, or a frozen node.
  default-server inter 500ms fastinter 250ms fall 2 rise 1 on-marked-down shutdown-sessions
${servers.join('\n')}
`;
}
