/** Brings up what the environment does not name, keeps it running, and stops it in order. */
import { publicUrlOf, webhookSecretsOf, type Config } from '../domain/config';
import { sleep, type Log } from './commands';
import { stopAllDaemons } from './daemon';
import type { Secrets } from './dataDir';
import { readDemoKeys } from './demoKeys';
import { isPortFree, rememberedPort } from './ports';
import { startPostgres } from './postgres';
import { keepRunning, startProcess, type KeptRunning, type Service } from './processes';
import { printSummary, type Addresses } from './summary';
import { startTemporal } from './temporal';

const simulatorKey = 'sk_test_ballast_simulator';
const readyTimeoutMs = 60_000;

export class Supervisor {
  private readonly kept: KeptRunning[] = [];
  private stopping: Promise<void> | undefined;
  /** What the demo says before the summary is out, which it would tear apart. */
  private early: string[] | null = [];

  constructor(
    private readonly config: Config,
    private readonly dataDir: string,
    private readonly secrets: Secrets,
    private readonly log: Log,
  ) {}

  /** Idempotent. Programs first, then the servers they use; at last what a start cut short left half up. */
  stop(): Promise<void> {
    this.stopping ??= (async () => {
      for (const service of this.kept.toReversed()) await service.stop();
      await stopAllDaemons();
    })();
    return this.stopping;
  }

  isStopping(): boolean {
    return this.stopping !== undefined;
  }

  async start(): Promise<void> {
    const { config, dataDir } = this;
    const port = await this.choosePort();
    const addresses: Addresses = { api: `http://${config.HOST}:${port}` };
    const postgres = this.startPostgres();
    const [{ url: databaseUrl }, temporalAddress, stripeBase] = await Promise.all([
      postgres,
      config.TEMPORAL_ADDRESS ?? this.startTemporal(addresses),
      postgres.then(({ simulatorUrl }) => this.startSimulator(port, addresses, simulatorUrl)),
    ]);
    addresses.postgres = new URL(databaseUrl).host;
    addresses.temporal = temporalAddress;
    const env = this.environment(port, databaseUrl, temporalAddress, stripeBase);
    await Promise.all([
      this.program('api', 'api/main.js', /api listening on /, env),
      this.program('worker', 'workers/main.js', /worker ready/, env),
    ]);
    await this.waitUntilReady(addresses.api);
    const demo = config.DEMO && (await this.startDemo(env)) ? readDemoKeys(dataDir) : null;
    if (this.isStopping()) return;
    printSummary({ addresses, adminKey: env.ADMIN_KEY, demo, dataDir: config.DATA_DIR }, this.log);
    this.early?.forEach((line) => this.log(line));
    this.early = null;
  }

  private async choosePort(): Promise<number> {
    const { PORT } = this.config;
    if (PORT === 0) return rememberedPort(this.dataDir, 'api');
    if (await isPortFree(PORT)) return PORT;
    throw new Error(`Port ${PORT} is in use. Set PORT to another one (0: any).`);
  }

  /** With a Postgres of the operator's, the simulator's schema lies in the same database as Ballast's tables. */
  private async startPostgres(): Promise<{ url: string; simulatorUrl: string }> {
    const { DATABASE_URL } = this.config;
    if (DATABASE_URL) return { url: DATABASE_URL, simulatorUrl: DATABASE_URL };
    return this.keep('Postgres', () => startPostgres({ dataDir: this.dataDir, log: this.log }));
  }

  private async startTemporal(addresses: Addresses): Promise<string> {
    const start = () =>
      startTemporal({ dataDir: this.dataDir, namespace: this.config.TEMPORAL_NAMESPACE, log: this.log });
    const { address, uiUrl } = await this.keep('Temporal', start);
    addresses.temporalUi = uiUrl;
    return address;
  }

  /** Starts and keeps a server; its addresses stay the same over restarts, so those of the first start are given back. */
  private async keep<T extends Service>(name: string, start: () => Promise<T>): Promise<T> {
    let first: T | undefined;
    await this.step(name, () => keepRunning(name, async () => (first = await start()), this.log));
    return first!;
  }

  /** The simulator's address, or the one the environment names, or undefined for Stripe itself. */
  private async startSimulator(
    apiPort: number,
    addresses: Addresses,
    databaseUrl: string,
  ): Promise<string | undefined> {
    const { config } = this;
    if (config.STRIPE_SECRET_KEY || config.STRIPE_API_BASE) return config.STRIPE_API_BASE;
    const port = await rememberedPort(this.dataDir, 'stripe');
    const webhookUrl = `http://127.0.0.1:${apiPort}/v1/webhooks/stripe`;
    const env = {
      SIMULATOR_PORT: String(port),
      SIMULATOR_DATABASE_URL: databaseUrl,
      SIMULATOR_WEBHOOK_URL: webhookUrl,
      SIMULATOR_WEBHOOK_SECRET: this.signingSecret(),
    };
    await this.program('stripe', 'dev/stripe/main.js', /stripe simulator listening on /, env);
    addresses.stripe = `http://127.0.0.1:${port}`;
    return addresses.stripe;
  }

  /** What the simulator signs with: one of those that the API takes. */
  private signingSecret(): string {
    return webhookSecretsOf(this.config)[0] ?? this.secrets.webhookSecret;
  }

  private webhookSecret(): string {
    return this.config.STRIPE_WEBHOOK_SECRET ?? this.secrets.webhookSecret;
  }

  private environment(port: number, databaseUrl: string, temporalAddress: string, stripeBase: string | undefined) {
    const { config } = this;
    return {
      PORT: String(port),
      HOST: config.HOST,
      DATA_DIR: this.dataDir,
      DEMO: config.DEMO ? '1' : '0',
      ADMIN_KEY: config.ADMIN_KEY ?? this.secrets.adminKey,
      DATABASE_URL: databaseUrl,
      TEMPORAL_ADDRESS: temporalAddress,
      TEMPORAL_NAMESPACE: config.TEMPORAL_NAMESPACE,
      STRIPE_SECRET_KEY: config.STRIPE_SECRET_KEY ?? simulatorKey,
      STRIPE_WEBHOOK_SECRET: this.webhookSecret(),
      PUBLIC_URL: publicUrlOf({ ...config, PORT: port }),
      LINK_SECRET: config.LINK_SECRET ?? this.secrets.linkSecret,
      // With the simulator's money, receivers on this machine are fine.
      WEBHOOK_ALLOW_PRIVATE: config.WEBHOOK_ALLOW_PRIVATE ?? (config.STRIPE_SECRET_KEY ? '0' : '1'),
      ...(stripeBase && { STRIPE_API_BASE: stripeBase }),
    };
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
  private async startDemo(env: NodeJS.ProcessEnv): Promise<boolean> {
    try {
      await this.program('demo', 'dev/demo.js', /^demo ready/, env, [], (line) =>
        this.early ? this.early.push(line) : this.log(line),
      );
      return true;
    } catch (error) {
      if (!this.isStopping()) this.log((error as Error).message);
      return false;
    }
  }

  private async program(
    name: string,
    script: string,
    readyLine: RegExp,
    env: NodeJS.ProcessEnv,
    args: string[] = [],
    onLine?: Log,
  ): Promise<void> {
    await this.step(name, () =>
      startProcess({ name, script, args, env, dataDir: this.dataDir, readyLine, onLine, log: this.log }),
    );
  }

  private async step(name: string, start: () => Promise<KeptRunning>): Promise<void> {
    const began = performance.now();
    this.kept.push(await start());
    this.log(`${name} is up (${((performance.now() - began) / 1_000).toFixed(1)} s)`);
  }
}
