/** The servers of a cluster, without Ballast's own programs: three Postgres nodes and what decides on them, Temporal, the simulator's Postgres. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sleep, type Log } from '../commands';
import { startPostgres, stopLeftover } from '../postgres';
import { ownerUrl, prepareDatabases, serviceUrl } from './databases';
import { startEtcd } from './etcd';
import { startHaproxy } from './haproxy';
import { all, Parts } from './parts';
import { createNode, nodeData, readMembers } from './patroni';
import { findPlace, NODES, type NodeName, type Place } from './place';
import { ensurePrograms, type Programs } from './programs';
import { prepareTemporal, startTemporalServer, temporalAddress } from './temporalServer';

export type ServersOptions = {
  /** Locked by the caller. */
  dataDir: string;
  /** Temporal's. */
  namespace: string;
  log: Log;
  /** Given what becomes of a server later. @default log */
  note?: Log;
  /** A node whose Patroni has died stays away for so long, so that the others take over, as when a machine is lost. @default 30 s */
  awayMs?: number;
};

const AWAY_MS = 30_000;
const NODES_MS_MAX = 180_000;

export class ClusterServers {
  private readonly parts: Parts;
  private readonly stopped = new AbortController();
  private programs!: Programs;
  private stopping: Promise<void> | undefined;
  /** Once it has been started. */
  place!: Place;
  /** The simulator's Postgres: Stripe does not fail over with us. */
  simulatorUrl!: string;

  constructor(private readonly options: ServersOptions) {
    this.parts = new Parts(options.log, options.note);
  }

  /** Throws one readable line where something is missing. */
  async start(): Promise<void> {
    const { dataDir, log, awayMs = AWAY_MS } = this.options;
    const programs = (this.programs = await ensurePrograms(log));
    this.place = await findPlace(dataDir);
    await this.parts.keep('etcd', () => startEtcd(programs.etcd, this.place, log));
    await all(
      NODES.map((node) =>
        this.parts.keep(node, createNode(programs, this.place, node, awayMs, this.stopped.signal, log)),
      ),
    );
    await this.parts.keep('haproxy', () => startHaproxy(programs.haproxy, this.place, log));
    await this.waitForNodes();
    await prepareDatabases(this.place);
    await all([this.startTemporal(), this.startSimulatorsPostgres()]);
  }

  /** Idempotent. The primary after its standbys, etcd last. */
  stop(): Promise<void> {
    this.stopping ??= this.stopAll();
    return this.stopping;
  }

  /** Ballast's database as its tables' owner. @param node that one, whatever it is; @default the primary, through HAProxy */
  databaseUrl(node?: NodeName): string {
    return ownerUrl(this.place, node);
  }

  get serviceUrl(): string {
    return serviceUrl(this.place);
  }

  get temporal(): string {
    return temporalAddress(this.place);
  }

  /** The node that is the primary, as etcd says to whoever of `asked` answers first; null while there is none. */
  async primary(asked: readonly NodeName[] = NODES): Promise<NodeName | null> {
    const members = await readMembers(this.place, asked);
    return members.find(({ role, state }) => role === 'leader' && state === 'running')?.name ?? null;
  }

  /** Of the process that a server was started as: a node's is its Patroni's. */
  pidOf(server: NodeName | 'etcd' | 'haproxy' | 'Temporal'): number {
    return this.parts.current(server).pid;
  }

  /** Of a node's Postgres; null while there is none. */
  postgresPidOf(node: NodeName): number | null {
    const file = join(nodeData(this.place, node), 'postmaster.pid');
    return existsSync(file) ? Number(readFileSync(file, 'utf8').split('\n')[0]) : null;
  }

  /** Until one node is the primary, one its synchronous standby, and the third follows too. */
  async waitForNodes(msMax = NODES_MS_MAX): Promise<void> {
    const began = Date.now();
    for (let toldMs = began; ; await sleep(250)) {
      const members = await readMembers(this.place, NODES);
      const serves = ({ state }: { state: string }) => state === 'running' || state === 'streaming';
      const roles = members.filter(serves).map(({ role }) => role);
      if (roles.includes('leader') && roles.includes('sync_standby') && roles.length === NODES.length) return;
      const seen = members.map(({ name, role, state }) => `${name} is ${role}, ${state}`).join('; ');
      if (Date.now() - began > msMax || this.parts.isStopping())
        throw new Error(`The nodes did not come together: ${seen}`);
      if (Date.now() - toldMs < 10_000) continue;
      toldMs = Date.now();
      this.options.log(`  ${seen}`);
    }
  }

  private async startTemporal(): Promise<void> {
    const { namespace, log } = this.options;
    await prepareTemporal(this.programs, this.place);
    await this.parts.keep('Temporal', () => startTemporalServer(this.programs, this.place, namespace, log));
  }

  private startSimulatorsPostgres(): Promise<void> {
    const { dataDir, log } = this.options;
    return this.parts.keep('simulator-postgres', async () => {
      const postgres = await startPostgres({ dataDir: join(dataDir, 'simulator'), log });
      this.simulatorUrl = postgres.simulatorUrl;
      return postgres;
    });
  }

  private async stopAll(): Promise<void> {
    this.stopped.abort();
    const primary = this.place ? await this.primary() : null;
    const isNode = (name: string): name is NodeName => NODES.includes(name as NodeName);
    const rank = (name: string): number => {
      if (name === 'etcd') return 3;
      if (name === primary) return 2;
      return isNode(name) ? 1 : 0;
    };
    // One whose Patroni was killed has nobody to stop it.
    await this.parts.stop(rank, async (name) => {
      if (isNode(name)) await stopLeftover(nodeData(this.place, name), this.options.log);
    });
  }
}
