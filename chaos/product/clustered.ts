/** Postgres and Temporal as `npm run cluster` runs them: three nodes that fail over, and Temporal's server on them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { cutPrimaryOff, failedOver, signalNode } from '../../dev/cluster/losses';
import type { NodeName } from '../../dev/cluster/place';
import { ClusterServers } from '../../dev/cluster/servers';
import { childrenOf, signalQuietly } from '../../dev/processTable';
import type { Ground, GroundOptions, GroundServer } from './ground';
import type { Kill } from './parts';

/** Longer than another node takes to take over; a lost machine is away for longer, and a campaign has many. */
const AWAY_MS = 20_000;
const LOOK_EACH_MS = 200;
/** How long a primary that was cut off stays away once another has taken over. */
const CUT_OFF_MS = 2_000;

/** What decides on the nodes, and what stands in front of them. */
export type Supporting = 'etcd' | 'haproxy';

export class Clustered implements Ground {
  readonly kind = 'cluster';
  private readonly servers: ClusterServers;
  private primary: NodeName | null = null;
  private frozen: NodeName | null = null;
  private postgresUpAtMs: number | undefined;
  private looking: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(private readonly options: GroundOptions) {
    const { dataDir, journal, log } = options;
    this.servers = new ClusterServers({ dataDir, namespace: 'default', awayMs: AWAY_MS, log, note: journal.note });
  }

  async start(): Promise<void> {
    this.options.starts.throwIfStopping();
    await this.servers.start();
    this.primary = await this.servers.primary();
    this.looking = this.look();
  }
  async stop(): Promise<void> {
    this.stopped = true;
    await this.looking;
    await this.servers.stop();
  }

  port(server: GroundServer): number {
    const { ports } = this.servers.place;
    return server === 'Postgres' ? ports.primary : ports['temporal-frontend'];
  }
  databaseUrl(): string {
    return this.servers.databaseUrl();
  }
  serviceUrl(): string {
    return this.servers.serviceUrl;
  }
  simulatorUrl(): string {
    return this.servers.simulatorUrl;
  }

  /** Of Postgres: the primary's machine, Patroni included. */
  kill(server: GroundServer): Kill {
    const atMs = performance.now();
    const lost = this.primary;
    if (server === 'Temporal') {
      this.options.journal.expectEnd(server);
      return { atMs, isMet: this.signal(server, 'SIGKILL') };
    }
    if (lost === null) return { atMs, isMet: false };
    this.options.journal.expectEnd(lost);
    const isMet = this.signal(server, 'SIGKILL');
    if (isMet) this.follow(lost);
    return { atMs, isMet };
  }
  signal(server: GroundServer, signal: NodeJS.Signals): boolean {
    if (server === 'Temporal') return signalQuietly(this.servers.pidOf(server), signal);
    // Another may be the primary by the time that a frozen one is to go on.
    const node = signal === 'SIGCONT' ? this.frozen : this.primary;
    this.frozen = signal === 'SIGSTOP' ? node : null;
    return node !== null && signalNode(this.servers, node, signal);
  }
  /** It starts again at once. */
  killSupporting(server: Supporting): Kill {
    this.options.journal.expectEnd(server);
    return { atMs: performance.now(), isMet: signalQuietly(this.servers.pidOf(server), 'SIGKILL') };
  }
  killBackend(): boolean {
    const postgres = this.primary && this.servers.postgresPidOf(this.primary);
    const backend = postgres ? childrenOf(postgres).at(-1) : undefined;
    return backend !== undefined && signalQuietly(backend, 'SIGKILL');
  }

  /**
   * The primary is cut off, and another takes over; null: there was none to cut off.
   * @returns when it was cut off, and once it is back as a standby how many writes it has acknowledged since: none may be
   */
  async cutPrimaryOff(): Promise<{ atMs: number; acknowledged: Promise<number> } | null> {
    const cut = await cutPrimaryOff(this.servers).catch((error: Error) => {
      this.options.log(error.message);
      return null;
    });
    if (cut === null) return null;
    this.postgresUpAtMs = cut.newPrimaryMs;
    const back = sleep(CUT_OFF_MS).then(cut.comeBack);
    back.catch(() => undefined); // whoever looks at it gets the error
    return { atMs: cut.atMs, acknowledged: back.then(({ acknowledged }) => acknowledged) };
  }

  upAtMs(server: GroundServer): number | undefined {
    return server === 'Postgres' ? this.postgresUpAtMs : this.options.journal.upAtMs(server);
  }
  /** A fault meets a whole cluster: two lost nodes at once are not promised to be survived. */
  settle(): Promise<void> {
    return this.servers.waitForNodes();
  }

  private follow(lost: NodeName): void {
    this.primary = null;
    void failedOver(this.servers, lost).then(
      (atMs) => (this.postgresUpAtMs = atMs),
      (error: Error) => this.options.log(error.message),
    );
  }

  /** A kill has no time to ask. */
  private async look(): Promise<void> {
    for (; !this.stopped; await sleep(LOOK_EACH_MS)) this.primary = await this.servers.primary();
  }
}
