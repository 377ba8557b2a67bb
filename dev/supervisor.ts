/** Brings up what the environment does not name, keeps it running, and stops it in order. */
import type { Config } from '../domain/config';
import { sleep, type Log } from './commands';
import { stopAllDaemons } from './daemon';
import type { Secrets } from './dataDir';
import { readDemoKeys } from './demoKeys';
import { reloadingAccount } from './demoSetup';
import { prepareDatabase } from '../ledger/prepareDatabase';
import { batchesEnvironment, programEnvironment, simulatorEnvironment, type Given, type Places } from './environment';
import { keepRunning, type KeptRunning, type Service } from './keepRunning';
import { listenError, rememberedPort } from './ports';
import { startPostgres } from './postgres';
import { API_NODE_ARGS, startProcess, type ProcessOptions } from './processes';
import { makeSignInLinks } from './signInLinks';
import { printSummary } from './summary';
import { startTemporal } from './temporal';

const readyTimeoutMs = 60_000;

/** Who is told of a server's address when it starts, and so starts again when the address has changed. */
const apis = ['api', 'batches'];
const workers = ['worker', 'batch worker'];
const followers: Record<Exclude<keyof Places, 'apiPort' | 'simulatorUrl' | 'temporalUi'>, string[]> = {
  databaseUrl: ['stripe', ...apis, ...workers],
  temporal: [...apis, ...workers],
  stripe: [...apis, 'worker'],
  batches: ['api'],
};

export class Supervisor {
  private readonly kept = new Map<string, KeptRunning>();
  private readonly given: Given;
  private readonly places: Partial<Places> = {};
  private stopping: Promise<void> | undefined;
  /** What the demo says before the summary is out, which it would tear apart. */
  private early: string[] | null = [];

  constructor(
    private readonly config: Config,
    private readonly dataDir: string,
    secrets: Secrets,
    private readonly log: Log,
  ) {
    this.given = { config, secrets, dataDir };
  }

  /** Idempotent. Programs first, then the servers they use; at last what a start cut short left half up. */
  stop(): Promise<void> {
    this.stopping ??= (async () => {
      for (const service of [...this.kept.values()].toReversed()) await service.stop();
      await stopAllDaemons();
    })();
    return this.stopping;
  }

  isStopping(): boolean {
    return this.stopping !== undefined;
  }

  async start(): Promise<void> {
    this.places.apiPort = await this.choosePort();
    await this.placeBatches();
    await Promise.all([this.startPostgres().then(() => this.startSimulator()), this.startTemporal()]);
    await Promise.all([
      this.program('api', 'api/main.js', { nodeArgs: API_NODE_ARGS, choosesPort: false }),
      this.program('worker', 'workers/main.js'),
      this.startBatches(),
      this.program('batch worker', 'workers/batchesMain.js'),
    ]);
    const api = `http://${this.config.HOST}:${this.places.apiPort}`;
    await this.waitUntilReady(api);
    const demo = this.config.DEMO && (await this.startDemo()) ? readDemoKeys(this.dataDir) : null;
    if (this.isStopping()) return;
    const adminKey = this.config.ADMIN_KEY === undefined ? this.given.secrets.adminKey : null;
    const signIn = await makeSignInLinks(api, { owner: demo?.owners[reloadingAccount] ?? null, admin: adminKey });
    printSummary(
      {
        addresses: {
          api,
          postgres: new URL(this.places.databaseUrl!).host,
          temporal: this.places.temporal!,
          temporalUi: this.places.temporalUi ?? null,
          stripe: this.places.stripe,
        },
        adminKey,
        demo,
        signIn,
        dataDir: this.config.DATA_DIR,
      },
      this.log,
    );
    this.early?.forEach((line) => this.log(line));
    this.early = null;
  }

  /** Of the host that the API listens on: a port may be free on one interface and taken on another. */
  private async choosePort(): Promise<number> {
    const { HOST, PORT } = this.config;
    if (PORT === 0) return rememberedPort(this.dataDir, 'api', { host: HOST });
    const error = await listenError(PORT, HOST);
    if (error === null) return PORT;
    if (error.code === 'EADDRINUSE') throw new Error(`Port ${PORT} is in use. Set PORT to another one (0: any).`);
    throw new Error(`The API can't listen on ${HOST}: ${error.message}`);
  }

  /** Migrated as the owner of the tables, and left to a role that owns nothing. With a Postgres of the operator's, the simulator's schema lies in the same database as Ballast's tables. */
  private async startPostgres(): Promise<void> {
    const { DATABASE_URL, MIGRATE_DATABASE_URL = DATABASE_URL } = this.config;
    if (DATABASE_URL !== undefined && MIGRATE_DATABASE_URL !== undefined) {
      await prepareDatabase({ ownerUrl: MIGRATE_DATABASE_URL, serviceUrl: DATABASE_URL });
      this.places.simulatorUrl = MIGRATE_DATABASE_URL;
      return this.moved('databaseUrl', DATABASE_URL);
    }
    await this.keep('Postgres', async () => {
      const postgres = await startPostgres({ dataDir: this.dataDir, log: this.log });
      this.places.simulatorUrl = postgres.simulatorUrl;
      await prepareDatabase({ ownerUrl: postgres.url, serviceUrl: postgres.serviceUrl });
      this.moved('databaseUrl', postgres.serviceUrl);
      return postgres;
    });
  }

  private async startTemporal(): Promise<void> {
    if (this.config.TEMPORAL_ADDRESS !== undefined) return this.moved('temporal', this.config.TEMPORAL_ADDRESS);
    const options = { dataDir: this.dataDir, namespace: this.config.TEMPORAL_NAMESPACE, log: this.log };
    await this.keep('Temporal', async () => {
      const temporal = await startTemporal(options);
      this.places.temporalUi = temporal.uiUrl;
      this.moved('temporal', temporal.address);
      return temporal;
    });
  }

  /** Not where the environment names Stripe, or a server that speaks like it. */
  private async startSimulator(): Promise<void> {
    const { STRIPE_SECRET_KEY, STRIPE_API_BASE } = this.config;
    if (STRIPE_SECRET_KEY !== undefined || STRIPE_API_BASE !== undefined) {
      this.places.stripe = STRIPE_API_BASE;
      return;
    }
    await this.program('stripe', 'dev/stripe/main.js', {
      env: async () => {
        const port = await rememberedPort(this.dataDir, 'stripe');
        this.moved('stripe', `http://127.0.0.1:${port}`);
        return simulatorEnvironment(this.given, this.places as Places, port);
      },
    });
  }

  /** Notes where a server is. Whoever was told another address starts again, or would look for it there for good. */
  private moved(server: keyof typeof followers, address: string): void {
    const before = this.places[server];
    this.places[server] = address;
    if (before === undefined || before === address) return;
    const hostOf = (url: string) => (URL.canParse(url) ? new URL(url).host || url : url);
    const programs = followers[server];
    this.log(
      `another program has taken ${hostOf(before)}: what was there is at ${hostOf(address)} from now on; starting ${programs.join(', ')} again`,
    );
    for (const program of programs) this.kept.get(program)?.restart();
  }

  private startBatches(): Promise<void> {
    return this.program('batches', 'api/main.js', {
      env: async () => {
        await this.placeBatches();
        return batchesEnvironment(this.given, this.places as Places);
      },
    });
  }

  private async placeBatches(): Promise<void> {
    this.moved('batches', `http://127.0.0.1:${await rememberedPort(this.dataDir, 'batches')}`);
  }

  private async waitUntilReady(api: string): Promise<void> {
    const deadline = Date.now() + readyTimeoutMs;
    for (;;) {
      const answer = await fetch(`${api}/readyz`).catch((error: Error) => new Response(error.message, { status: 503 }));
      if (answer.ok || this.isStopping()) return;
      if (Date.now() > deadline) throw new Error(`${api}/readyz still says ${answer.status}: ${await answer.text()}`);
      await sleep(100);
    }
  }

  /** A demo that cannot run is told, and no reason to take the rest down. */
  private async startDemo(): Promise<boolean> {
    try {
      await this.program('demo', 'dev/demo.js', {
        onLine: (line) => (this.early ? this.early.push(line) : this.log(line)),
      });
      return true;
    } catch (error) {
      if (!this.isStopping()) this.log((error as Error).message);
      return false;
    }
  }

  private program(
    name: string,
    script: string,
    options: Partial<Pick<ProcessOptions, 'env' | 'nodeArgs' | 'onLine' | 'choosesPort'>> = {},
  ): Promise<void> {
    const env = () => programEnvironment(this.given, this.places as Places);
    const { dataDir, log } = this;
    return this.step(name, () => startProcess({ name, script, env, dataDir, log, ...options }));
  }

  private keep(name: string, start: () => Promise<Service>): Promise<void> {
    return this.step(name, () => keepRunning(name, start, this.log));
  }

  private async step(name: string, start: () => Promise<KeptRunning>): Promise<void> {
    const began = performance.now();
    this.kept.set(name, await start());
    this.log(`${name} is up (${((performance.now() - began) / 1_000).toFixed(1)} s)`);
  }
}
