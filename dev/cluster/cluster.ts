/** Brings up a production-like cluster on this machine, keeps its parts running, and stops them in order. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../../domain/config';
import { sleep, type Log } from '../commands';
import { stopAllDaemons } from '../daemon';
import type { Secrets } from '../dataDir';
import { programEnvironment, simulatorEnvironment, type Places } from '../environment';
import { keepRunning, type KeptRunning, type Service } from '../keepRunning';
import { startPostgres, stopLeftover } from '../postgres';
import { API_NODE_ARGS, startProcess } from '../processes';
import { ownerUrl, prepareDatabases, serviceUrl } from './databases';
import { startEtcd } from './etcd';
import { startHaproxy } from './haproxy';
import { createNode, nodeData, readMembers } from './patroni';
import { findPlace, NODES, type NodeName, type Place } from './place';
import { ensurePrograms, type Programs } from './programs';
import { prepareTemporal, startTemporalServer, temporalAddress } from './temporalServer';

const APIS = ['api-1', 'api-2'] as const;
const WORKERS = ['worker-1', 'worker-2'] as const;
const NODES_MS_MAX = 180_000;
const READY_MS_MAX = 120_000;

export class Cluster {
  private readonly kept = new Map<string, KeptRunning>();
  private readonly stopped = new AbortController();
  private place!: Place;
  private programs!: Programs;
  private simulatorUrl!: string;
  private stopping: Promise<void> | undefined;

  constructor(
    private readonly config: Config,
    readonly dataDir: string,
    private readonly secrets: Secrets,
    private readonly log: Log,
  ) {}

  /** Throws one readable line where something is missing. */
  async start(): Promise<void> {
    this.programs = await ensurePrograms(this.log);
    this.place = await findPlace(this.dataDir);
    await this.keep('etcd', () => startEtcd(this.programs.etcd, this.place, this.log));
    await all(NODES.map((node) => this.keep(node, this.nodeStart(node))));
    await this.keep('haproxy', () => startHaproxy(this.programs.haproxy, this.place, this.log));
    await this.waitForNodes();
    await prepareDatabases(this.place);
    await all([this.startTemporal(), this.startSimulator()]);
    await all([...APIS.map((api) => this.startApi(api)), ...WORKERS.map((worker) => this.startWorker(worker))]);
    await Promise.all(this.apis.map((api) => this.waitUntilReady(api)));
  }

  /** Idempotent. Programs first, the primary after its standbys, etcd last of what they need. */
  stop(): Promise<void> {
    this.stopping ??= this.stopAll();
    return this.stopping;
  }

  isStopping(): boolean {
    return this.stopping !== undefined;
  }

  get apis(): string[] {
    return APIS.map((api) => `http://127.0.0.1:${this.place.ports[api]}`);
  }

  get adminKey(): string {
    return this.secrets.adminKey;
  }

  /** Ballast's database as its tables' owner. @param node that one, whatever it is; @default the primary, through HAProxy */
  databaseUrl(node?: NodeName): string {
    return ownerUrl(this.place, node);
  }

  get temporal(): string {
    return temporalAddress(this.place);
  }

  get stripe(): string {
    return `http://127.0.0.1:${this.place.ports.stripe}`;
  }

  get stripeKey(): string {
    return programEnvironment(this.given, this.places('api-1')).STRIPE_SECRET_KEY!;
  }

  /** The node that is the primary, as etcd says to whoever of `asked` answers first; null while there is none. */
  async primary(asked: readonly NodeName[] = NODES): Promise<NodeName | null> {
    const members = await readMembers(this.place, asked);
    return members.find(({ role, state }) => role === 'leader' && state === 'running')?.name ?? null;
  }

  /** Of the process that a part was started as: a node's is its Patroni's. */
  pidOf(part: NodeName | 'temporal' | (typeof APIS)[number] | (typeof WORKERS)[number]): number {
    return this.kept.get(part)!.current().pid;
  }

  /** Of a node's Postgres. Throws while there is none. */
  postgresPidOf(node: NodeName): number {
    return Number(readFileSync(join(nodeData(this.place, node), 'postmaster.pid'), 'utf8').split('\n')[0]);
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
      if (Date.now() - began > msMax || this.isStopping()) throw new Error(`The nodes did not come together: ${seen}`);
      if (Date.now() - toldMs < 10_000) continue;
      toldMs = Date.now();
      this.log(`  ${seen}`);
    }
  }

  private get given() {
    return { config: this.config, secrets: this.secrets, dataDir: this.dataDir };
  }

  private places(api: (typeof APIS)[number]): Places {
    return {
      apiPort: this.place.ports[api],
      batches: this.apis[0]!,
      databaseUrl: serviceUrl(this.place),
      simulatorUrl: this.simulatorUrl,
      temporal: this.temporal,
      stripe: this.stripe,
    };
  }

  private nodeStart(node: NodeName): () => Promise<Service> {
    return createNode(this.programs, this.place, node, this.stopped.signal, this.log);
  }

  private async startTemporal(): Promise<void> {
    await prepareTemporal(this.programs, this.place);
    const namespace = this.config.TEMPORAL_NAMESPACE;
    await this.keep('temporal', () => startTemporalServer(this.programs, this.place, namespace, this.log));
  }

  /** On a Postgres of its own: Stripe does not fail over with us. */
  private async startSimulator(): Promise<void> {
    const { dataDir, log } = this;
    await this.keep('simulator-postgres', async () => {
      const postgres = await startPostgres({ dataDir: join(dataDir, 'simulator'), log });
      this.simulatorUrl = postgres.simulatorUrl;
      return postgres;
    });
    const env = () => simulatorEnvironment(this.given, this.places('api-1'), this.place.ports.stripe);
    await this.step('stripe', () => startProcess({ name: 'stripe', script: 'dev/stripe/main.js', env, dataDir, log }));
  }

  /** It serves files itself: both see one folder. */
  private startApi(name: (typeof APIS)[number]): Promise<void> {
    const { dataDir, log } = this;
    const env = () => ({ ...programEnvironment(this.given, this.places(name)), BATCHES_URL: '' });
    return this.step(name, () =>
      startProcess({ name, script: 'api/main.js', nodeArgs: API_NODE_ARGS, env, dataDir, log }),
    );
  }

  private startWorker(name: (typeof WORKERS)[number]): Promise<void> {
    const { dataDir, log } = this;
    const env = () => programEnvironment(this.given, this.places('api-1'));
    return this.step(name, () => startProcess({ name, script: 'workers/main.js', env, dataDir, log }));
  }

  private async waitUntilReady(api: string): Promise<void> {
    for (const deadline = Date.now() + READY_MS_MAX; ; await sleep(200)) {
      const answer = await fetch(`${api}/readyz`).catch((error: Error) => new Response(error.message, { status: 503 }));
      if (answer.ok || this.isStopping()) return;
      if (Date.now() > deadline) throw new Error(`${api}/readyz still says ${answer.status}: ${await answer.text()}`);
    }
  }

  private async stopAll(): Promise<void> {
    this.stopped.abort();
    const primary = this.place ? await this.primary() : null;
    const rank = (name: string): number => {
      if (name === 'etcd') return 3;
      if (name === primary) return 2;
      return NODES.includes(name as NodeName) ? 1 : 0;
    };
    const parts = [...this.kept].toReversed().sort(([one], [other]) => rank(one) - rank(other));
    for (const [name, part] of parts) {
      await part.stop();
      // One whose Patroni was killed has nobody to stop it.
      if (NODES.includes(name as NodeName)) await stopLeftover(nodeData(this.place, name as NodeName), this.log);
    }
    await stopAllDaemons();
  }

  private keep(name: string, start: () => Promise<Service>): Promise<void> {
    return this.step(name, () => keepRunning(name, start, this.log));
  }

  private async step(name: string, start: () => Promise<KeptRunning>): Promise<void> {
    const began = performance.now();
    const part = await start();
    this.kept.set(name, part);
    // Whoever stops has looked at what was there then.
    if (this.isStopping()) return part.stop();
    this.log(`${name} is up (${((performance.now() - began) / 1_000).toFixed(1)} s)`);
  }
}

/** Rejects when all have come to an end: what is still starting when others are stopped would be left. */
async function all(starts: Promise<void>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(starts)) if (outcome.status === 'rejected') throw outcome.reason;
}
