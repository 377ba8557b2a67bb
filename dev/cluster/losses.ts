/** How a cluster loses its primary: a machine that is lost, and one that is cut off and comes back. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { childrenOf, signalQuietly } from '../processTable';
import { NODES, type NodeName } from './place';
import type { ClusterServers } from './servers';

const FAILOVER_MS_MAX = 60_000;

/** Patroni and the whole Postgres of a node: what would be gone with its machine. */
function processesOf(servers: ClusterServers, node: NodeName): number[] {
  const postmaster = servers.postgresPidOf(node);
  return [servers.pidOf(node), ...(postmaster === null ? [] : [postmaster, ...childrenOf(postmaster)])];
}

const signal = (pids: readonly number[], name: NodeJS.Signals): boolean[] =>
  pids.map((pid) => signalQuietly(pid, name));

/** To the whole node. False where it is away already. */
export function signalNode(servers: ClusterServers, node: NodeName, name: NodeJS.Signals): boolean {
  return signal(processesOf(servers, node), name).includes(true);
}

async function primaryOf(servers: ClusterServers): Promise<NodeName> {
  const primary = await servers.primary();
  if (primary === null) throw new Error('There is no primary to do something to.');
  return primary;
}

/** By `performance.now()`: when it was done, and when Patroni said that another node is the primary. */
export type Failover = { atMs: number; newPrimaryMs: number };

/** Resolves with when another node than `former` is the primary, by `performance.now()`. Throws when none is in a minute. */
export async function failedOver(servers: ClusterServers, former: NodeName): Promise<number> {
  const others = NODES.filter((node) => node !== former);
  for (const endMs = Date.now() + FAILOVER_MS_MAX; Date.now() < endMs; await sleep(50)) {
    const primary = await servers.primary(others);
    if (primary !== null && primary !== former) return performance.now();
  }
  throw new Error(`No other node took over from ${former}.`);
}

/** Returns once another has taken over. */
export async function losePrimary(servers: ClusterServers): Promise<Failover> {
  const former = await primaryOf(servers);
  const pids = processesOf(servers, former);
  const atMs = performance.now();
  signal(pids, 'SIGKILL');
  return { atMs, newPrimaryMs: await failedOver(servers, former) };
}

export type CutOff = Failover & {
  /** It comes back. Resolves with how many writes it acknowledged, once it is a standby: in sessions opened before it was cut off and in new ones. */
  comeBack(): Promise<{ acknowledged: number; tried: number }>;
};

/** The primary answers nothing any more, and does not know. Returns once another has taken over. */
export async function cutPrimaryOff(servers: ClusterServers): Promise<CutOff> {
  const former = await primaryOf(servers);
  const url = servers.databaseUrl(former);
  await createProbe(url);
  const before = await openSession(url);
  const pids = processesOf(servers, former);
  const atMs = performance.now();
  signal(pids, 'SIGSTOP');
  return {
    atMs,
    newPrimaryMs: await failedOver(servers, former),
    async comeBack() {
      const tried: Promise<boolean>[] = [tryToWrite(before)];
      signal(pids, 'SIGCONT');
      for (const endMs = Date.now() + FAILOVER_MS_MAX; !(await isStandby(url));) {
        if (Date.now() > endMs) throw new Error(`${former} came back as the primary: it is not fenced.`);
        tried.push(openSession(url).then(tryToWrite, () => false));
        await sleep(50);
      }
      const outcomes = await Promise.all(tried);
      return { acknowledged: outcomes.filter(Boolean).length, tried: outcomes.length };
    },
  };
}

/** A table that only this measurement writes to. */
async function createProbe(url: string): Promise<void> {
  const client = await openSession(url);
  await client.query('create schema if not exists probe; create table if not exists probe.writes (at timestamptz)');
  await client.end();
}

async function openSession(url: string): Promise<Client> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

async function tryToWrite(client: Client): Promise<boolean> {
  return client
    .query('insert into probe.writes values (now())')
    .then(
      () => true,
      () => false,
    )
    .finally(() => void client.end().catch(() => undefined));
}

async function isStandby(url: string): Promise<boolean> {
  const client = await openSession(url).catch(() => null);
  if (client === null) return false;
  try {
    const { rows } = await client.query<{ standby: boolean }>('select pg_is_in_recovery() as standby');
    return rows[0]!.standby;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}
