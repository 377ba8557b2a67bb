/** Brings up a production-like cluster on this machine, keeps its parts running, and stops them in order. */
import type { Config } from '../../domain/config';
import { sleep, type Log } from '../commands';
import { stopAllDaemons } from '../daemon';
import type { Secrets } from '../dataDir';
import { programEnvironment, simulatorEnvironment, type Places } from '../environment';
import { API_NODE_ARGS, startProcess } from '../processes';
import { all, Parts } from './parts';
import { ClusterServers } from './servers';

const APIS = ['api-1', 'api-2'] as const;
const WORKERS = ['worker-1', 'worker-2'] as const;
const READY_MS_MAX = 120_000;

export class Cluster {
  private readonly programs: Parts;
  readonly servers: ClusterServers;
  private stopping: Promise<void> | undefined;

  constructor(
    private readonly config: Config,
    readonly dataDir: string,
    private readonly secrets: Secrets,
    private readonly log: Log,
  ) {
    this.programs = new Parts(log);
    this.servers = new ClusterServers({ dataDir, namespace: config.TEMPORAL_NAMESPACE, log });
  }

  /** Throws one readable line where something is missing. */
  async start(): Promise<void> {
    await this.servers.start();
    await this.startSimulator();
    await all([...APIS.map((api) => this.startApi(api)), ...WORKERS.map((worker) => this.startWorker(worker))]);
    await Promise.all(this.apis.map((api) => this.waitUntilReady(api)));
  }

  /** Idempotent. Programs first, then the servers. */
  stop(): Promise<void> {
    this.stopping ??= (async () => {
      await this.programs.stop();
      await this.servers.stop();
      await stopAllDaemons();
    })();
    return this.stopping;
  }

  isStopping(): boolean {
    return this.stopping !== undefined;
  }

  get apis(): string[] {
    return APIS.map((api) => `http://127.0.0.1:${this.servers.place.ports[api]}`);
  }

  get adminKey(): string {
    return this.secrets.adminKey;
  }

  get stripe(): string {
    return `http://127.0.0.1:${this.servers.place.ports.stripe}`;
  }

  get stripeKey(): string {
    return programEnvironment(this.given, this.places('api-1')).STRIPE_SECRET_KEY!;
  }

  private get given() {
    return { config: this.config, secrets: this.secrets, dataDir: this.dataDir };
  }

  private places(api: (typeof APIS)[number]): Places {
    return {
      apiPort: this.servers.place.ports[api],
      batches: this.apis[0]!,
      databaseUrl: this.servers.serviceUrl,
      simulatorUrl: this.servers.simulatorUrl,
      temporal: this.servers.temporal,
      stripe: this.stripe,
    };
  }

  private async startSimulator(): Promise<void> {
    const { dataDir, log } = this;
    const env = () => simulatorEnvironment(this.given, this.places('api-1'), this.servers.place.ports.stripe);
    await this.programs.add('stripe', () =>
      startProcess({ name: 'stripe', script: 'dev/stripe/main.js', env, dataDir, log }),
    );
  }

  /** It serves files itself: both see one folder. */
  private startApi(name: (typeof APIS)[number]): Promise<void> {
    const { dataDir, log } = this;
    const env = () => ({ ...programEnvironment(this.given, this.places(name)), BATCHES_URL: '' });
    return this.programs.add(name, () =>
      startProcess({ name, script: 'api/main.js', nodeArgs: API_NODE_ARGS, env, dataDir, log }),
    );
  }

  private startWorker(name: (typeof WORKERS)[number]): Promise<void> {
    const { dataDir, log } = this;
    const env = () => programEnvironment(this.given, this.places('api-1'));
    return this.programs.add(name, () => startProcess({ name, script: 'workers/main.js', env, dataDir, log }));
  }

  private async waitUntilReady(api: string): Promise<void> {
    for (const deadline = Date.now() + READY_MS_MAX; ; await sleep(200)) {
      const answer = await fetch(`${api}/readyz`).catch((error: Error) => new Response(error.message, { status: 503 }));
      if (answer.ok || this.isStopping()) return;
      if (Date.now() > deadline) throw new Error(`${api}/readyz still says ${answer.status}: ${await answer.text()}`);
    }
  }
}
