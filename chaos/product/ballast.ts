/** The whole of Ballast as the campaign runs it: every process supervised, every connection through a proxy that can lose it. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stopAllDaemons } from '../../dev/daemon';
import { signalQuietly } from '../../dev/processTable';
import { lockDataDir, readSecrets, type Secrets } from '../../dev/dataDir';
import { programEnvironment, simulatorEnvironment, type Given, type Places } from '../../dev/environment';
import type { KeptRunning } from '../../dev/keepRunning';
import { rememberedPort } from '../../dev/ports';
import { API_NODE_ARGS, startProcess } from '../../dev/processes';
import { readConfig } from '../../domain/config';
import { Defect } from '../caller';
import { Clustered } from './clustered';
import { Embedded } from './embedded';
import type { GroundServer } from './ground';
import { Journal } from './journal';
import { startLossyProxy, type LossyProxy } from './lossyProxy';
import {
  isApi,
  PROGRAMS,
  SCRIPTS,
  SERVERS,
  type Kill,
  type OwnProcess,
  type ProcessName,
  type Program,
  type Server,
} from './parts';
import type { CampaignDisk } from './smallDisk';
import { Starts } from './starts';
import { startWebhookRelay, type WebhookRelay } from './webhookRelay';

const UP_MS_MAX = 120_000;
const FIRST_TRIES_MAX = 5;
/** What the campaign's Ballast stands on: servers as `npm start` has them, or a cluster's. */
export type GroundName = 'embedded' | 'cluster';
const isGround = (name: ProcessName): name is GroundServer => name === 'Postgres' || name === 'Temporal';

/** Short, so that three strikes fit into a step. */
const RETRY_DELAYS = '2s,2s';

export class Ballast {
  private readonly kept = new Map<OwnProcess, KeptRunning>();
  private readonly proxies = new Map<string, LossyProxy>();
  private readonly apiPorts = new Map<Program, number>();
  private readonly given: Given;
  private readonly release: () => void;
  private relay!: WebhookRelay;
  private stripePort = 0;
  private readonly starts = new Starts();
  private stopping: Promise<void> | null = null;
  private readonly clockOffMs = new Map<Program, number>();
  readonly journal: Journal;
  readonly dataDir: string;
  readonly ground: Embedded | Clustered;

  /** @param on what it stands on */
  constructor(
    on: GroundName,
    readonly disk: CampaignDisk,
    private readonly log: (line: string) => void,
  ) {
    this.journal = new Journal(log);
    const locked = lockDataDir(disk.folder);
    this.dataDir = locked.dataDir;
    this.release = locked.release;
    const secrets: Secrets = readSecrets(this.dataDir, undefined);
    this.given = { config: readConfig({ DEMO: '0' }), secrets, dataDir: this.dataDir };
    const options = { dataDir: this.dataDir, journal: this.journal, starts: this.starts, log };
    this.ground = on === 'cluster' ? new Clustered(options) : new Embedded(options);
  }

  /** @throws when it can't, or is stopped meanwhile */
  async start(): Promise<void> {
    this.relay = await startWebhookRelay(() => this.apiUrls);
    for (const program of PROGRAMS) {
      for (const server of SERVERS)
        this.proxies.set(`${program} ${server}`, await startLossyProxy(() => this.portOf(server)));
      if (isApi(program)) this.apiPorts.set(program, await rememberedPort(this.dataDir, program));
    }
    await this.ground.start();
    await this.startSimulator();
    await Promise.all(PROGRAMS.map((program) => this.startProgram(program)));
    await this.serving();
  }

  /** Idempotent, at any time. Ends every process that was started; a start that is under way fails. */
  stop(): Promise<void> {
    this.stopping ??= (async () => {
      this.starts.refuse();
      for (; this.starts.areUnderWay; await sleep(50)) await stopAllDaemons();
      for (const service of [...this.kept.values()].toReversed()) await service.stop();
      await this.ground.stop();
      await stopAllDaemons();
      for (const proxy of this.proxies.values()) await proxy.close();
      await this.relay?.close();
      this.release();
    })();
    return this.stopping;
  }

  get adminKey(): string {
    return this.given.secrets.adminKey;
  }
  get apiUrls(): string[] {
    return [...this.apiPorts.values()].map((port) => `http://127.0.0.1:${port}`);
  }
  /** As the owner of the tables, past all proxies. */
  get databaseUrl(): string {
    return this.ground.databaseUrl();
  }
  get stripeUrl(): string {
    return `http://127.0.0.1:${this.stripePort}`;
  }
  get webhooks(): WebhookRelay {
    return this.relay;
  }
  proxy(program: Program, server: Server): LossyProxy {
    return this.proxies.get(`${program} ${server}`)!;
  }

  /** Kills it at once; it is started again by itself. */
  kill(name: ProcessName): Kill {
    if (isGround(name)) return this.ground.kill(name);
    const atMs = performance.now();
    this.journal.expectEnd(name);
    return { atMs, isMet: this.signal(name, 'SIGKILL') };
  }

  /** False while there is none. */
  signal(name: ProcessName, signal: NodeJS.Signals): boolean {
    if (isGround(name)) return this.ground.signal(name, signal);
    return signalQuietly(this.kept.get(name)!.current().pid, signal);
  }

  /** Starts it again with a clock that is wrong by so much; 0: with the right one. */
  setClock(program: Program, offMs: number): Kill {
    this.clockOffMs.set(program, offMs);
    return this.kill(program);
  }
  /** Those whose clock is wrong now. */
  get wrongClocks(): Program[] {
    return PROGRAMS.filter((program) => (this.clockOffMs.get(program) ?? 0) !== 0);
  }

  /** When it was up again after it was killed at `sinceMs`. @throws when it is not in two minutes */
  async upAgain(name: ProcessName, sinceMs: number): Promise<number> {
    for (const endMs = performance.now() + UP_MS_MAX; performance.now() < endMs; await sleep(20)) {
      const atMs = isGround(name) ? this.ground.upAtMs(name) : this.journal.upAtMs(name);
      if (atMs !== undefined && atMs > sinceMs) return atMs;
      this.starts.throwIfStopping();
    }
    throw new Error(`${name} was not up again in ${UP_MS_MAX / 1_000} s.`);
  }

  /** Returns when every API says that it is ready. @throws when one does not in two minutes */
  async serving(): Promise<void> {
    await Promise.all(this.apiUrls.map((url) => this.ready(url)));
  }

  async ready(url: string): Promise<number> {
    let last = '';
    for (const endMs = performance.now() + UP_MS_MAX; performance.now() < endMs; await sleep(50)) {
      try {
        const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(5_000) });
        last = `${answer.status} ${await answer.text()}`;
        if (answer.ok) return performance.now();
      } catch (error) {
        last = (error as Error).message;
      }
      this.starts.throwIfStopping();
    }
    throw new Error(`${url}/readyz still says, after ${UP_MS_MAX / 1_000} s: ${last}`);
  }

  /** Turns a switch of the simulator. @throws Defect when it refuses, an Error when it does not answer */
  async simulate<T = unknown>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await fetch(`${this.stripeUrl}/_sim${path}`, {
      method,
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(10_000),
    });
    const told = `${method} /_sim${path}: ${answer.status}`;
    if (answer.status >= 400 && answer.status < 500) throw new Defect(`${told} ${await answer.text()}`);
    if (!answer.ok) throw new Error(told);
    return (await answer.json()) as T;
  }

  private portOf(server: Server): number {
    return server === 'stripe' ? this.stripePort : this.ground.port(server);
  }

  private async startSimulator(): Promise<void> {
    const env = async (): Promise<NodeJS.ProcessEnv> => {
      this.stripePort = await rememberedPort(this.dataDir, 'stripe');
      const places = { apiPort: this.apiPorts.get('api 1')!, simulatorUrl: this.ground.simulatorUrl() };
      return {
        ...simulatorEnvironment(this.given, places, this.stripePort),
        SIMULATOR_WEBHOOK_URL: this.relay.url,
      };
    };
    await this.keepProgram('stripe', 'dev/stripe/main.js', env);
  }

  private startProgram(program: Program): Promise<void> {
    return this.keepProgram(
      program,
      SCRIPTS[program],
      () => this.environmentOf(program),
      isApi(program) ? API_NODE_ARGS : [],
    );
  }

  private environmentOf(program: Program): NodeJS.ProcessEnv {
    const through = (url: string, server: Server): string => {
      const changed = new URL(url);
      changed.port = String(this.proxy(program, server).port);
      return changed.href;
    };
    const places: Places = {
      apiPort: this.apiPorts.get(program) ?? this.apiPorts.get('api 1')!,
      batches: '',
      databaseUrl: through(this.ground.serviceUrl(), 'Postgres'),
      simulatorUrl: '',
      temporal: `127.0.0.1:${this.proxy(program, 'Temporal').port}`,
      stripe: `http://127.0.0.1:${this.proxy(program, 'stripe').port}`,
    };
    return {
      ...programEnvironment(this.given, places),
      RELOAD_RETRY_DELAYS: RETRY_DELAYS,
      LOG_LEVEL: 'warn',
      PUBLIC_URL: this.apiUrls[0],
      ...this.clockOf(program),
    };
  }

  private clockOf(program: Program): NodeJS.ProcessEnv {
    const offMs = this.clockOffMs.get(program) ?? 0;
    if (offMs === 0) return {};
    return { NODE_OPTIONS: `--require ${join(__dirname, 'wrongClock.js')}`, CHAOS_CLOCK_MS: String(offMs) };
  }

  private async keepProgram(
    name: OwnProcess,
    script: string,
    env: () => NodeJS.ProcessEnv | Promise<NodeJS.ProcessEnv>,
    nodeArgs: readonly string[] = [],
  ): Promise<void> {
    const { dataDir } = this;
    const options = {
      name,
      script,
      env: () => this.starts.unlessStopping(env),
      nodeArgs,
      dataDir,
      log: this.journal.note,
    };
    this.kept.set(name, await this.firstStart(() => startProcess(options)));
  }

  /** On a machine that is busy with much else a first start may come to nothing: that is not what is tried here. */
  private async firstStart(start: () => Promise<KeptRunning>): Promise<KeptRunning> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.starts.unlessStopping(start);
      } catch (error) {
        if (tries === FIRST_TRIES_MAX || this.starts.areRefused) throw error;
        this.log((error as Error).message);
      }
    }
  }
}
