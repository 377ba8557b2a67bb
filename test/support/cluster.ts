/** Ballast as processes: API and worker as they run in production, to be killed at any moment; Temporal of its own. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDaemon, type Daemon } from '../../dev/daemon';
import { freePort } from '../../dev/ports';
import type { StripeSimulator } from '../../dev/stripe/server';
import { startTemporal, type RunningTemporal } from '../../dev/temporal';
import { findViolations } from '../../ledger/transactions/findViolations';
import { createTestDatabase, type TestDatabase } from './database';
import { until } from './notices';
import { dist } from './paths';
import { startProxy, type Proxy } from './proxy';
import { startTestSimulator } from './simulator';

const silent = () => undefined;
type Answer = { status: number; body: any };

export class Cluster {
  readonly adminKey = 'admin_key_of_the_crash_tests';
  private api!: Daemon;
  private secondApi: Daemon | null = null;
  private worker!: Daemon;
  private secondWorker: Daemon | null = null;
  private temporal!: RunningTemporal;
  private serviceKey = '';

  private constructor(
    readonly database: TestDatabase,
    readonly simulator: StripeSimulator,
    /** Between the API and Temporal: to be held up. */
    readonly proxy: Proxy,
    private readonly dataDir: string,
    private readonly ports: { api: number; secondApi: number; temporal: number },
    private readonly env: NodeJS.ProcessEnv,
    private readonly logFile: string | null,
  ) {}

  /** @param logFile where API and worker write, instead of files of their own */
  static async start(env: NodeJS.ProcessEnv = {}, logFile: string | null = null): Promise<Cluster> {
    const dataDir = mkdtempSync(join(tmpdir(), 'ballast-crash-'));
    mkdirSync(join(dataDir, 'temporal', 'run'), { recursive: true });
    const database = await createTestDatabase();
    const simulator = await startTestSimulator();
    const ports = { api: await freePort(), secondApi: await freePort(), temporal: await freePort() };
    const proxy = await startProxy(ports.temporal);
    const cluster = new Cluster(database, simulator, proxy, dataDir, ports, env, logFile);
    await cluster.startTemporal();
    const starts = await Promise.allSettled([cluster.startApi(), cluster.startWorker()]);
    for (const start of starts) {
      if (start.status === 'fulfilled') continue;
      // Nothing is left of one that could not start.
      await cluster.stop();
      throw start.reason;
    }
    cluster.serviceKey = (await cluster.ask('POST', '/v1/keys', { role: 'service', name: 'tests' })).body.key;
    return cluster;
  }

  async stop(): Promise<void> {
    await Promise.all([this.api.stop(), this.secondApi?.stop(), this.worker.stop(), this.secondWorker?.stop()]);
    await this.temporal.stop();
    await this.proxy.close();
    await this.simulator.stop();
    const violations = await findViolations(this.database.pool);
    await this.database.drop();
    rmSync(this.dataDir, { recursive: true, force: true });
    if (violations.length > 0) throw new Error(`The ledger is not right: ${JSON.stringify(violations)}`);
  }

  async startApi(): Promise<void> {
    this.api = await this.startNode('api', { TEMPORAL_ADDRESS: `127.0.0.1:${this.proxy.port}` });
    await until(
      () =>
        fetch(`${this.url}/healthz`).then(
          ({ ok }) => ok,
          () => false,
        ),
      Boolean,
    );
  }

  /** Beside the first, on the same database and Temporal. */
  async startSecondApi(): Promise<void> {
    this.secondApi ??= await this.startNode('api', {
      TEMPORAL_ADDRESS: this.temporalAddress,
      PORT: String(this.ports.secondApi),
    });
    await until(
      () =>
        fetch(`${this.secondUrl}/healthz`).then(
          ({ ok }) => ok,
          () => false,
        ),
      Boolean,
    );
  }

  async startWorker(): Promise<void> {
    this.worker = await this.startNode('workers', { TEMPORAL_ADDRESS: this.temporalAddress });
  }

  async startSecondWorker(): Promise<void> {
    this.secondWorker ??= await this.startNode('workers', { TEMPORAL_ADDRESS: this.temporalAddress });
  }

  /** Temporal's state outlives its kill, unless it is deleted. */
  async startTemporal(): Promise<void> {
    this.temporal = await startTemporal({
      dataDir: join(this.dataDir, 'temporal'),
      port: this.ports.temporal,
      namespace: 'default',
      log: silent,
    });
  }

  deleteTemporalData(): void {
    for (const suffix of ['', '-wal', '-shm'])
      rmSync(join(this.dataDir, 'temporal', `temporal.db${suffix}`), { force: true });
  }

  killApi = () => kill(this.api);
  killWorker = () => kill(this.worker);
  killTemporal = () => kill(this.temporal);

  get url(): string {
    return `http://127.0.0.1:${this.ports.api}`;
  }

  get secondUrl(): string {
    return `http://127.0.0.1:${this.ports.secondApi}`;
  }

  /** What the first worker has written to standard output and error, by line. */
  workerLog(): string[] {
    return readFileSync(join(this.dataDir, 'workers.log'), 'utf8').trimEnd().split('\n');
  }

  get temporalAddress(): string {
    return `127.0.0.1:${this.ports.temporal}`;
  }

  private startNode(name: 'api' | 'workers', env: NodeJS.ProcessEnv): Promise<Daemon> {
    return startDaemon({
      command: process.execPath,
      args: [join(dist, name, 'main.js')],
      logFile: this.logFile ?? join(this.dataDir, `${name}.log`),
      stopSignal: 'SIGTERM',
      stopTimeoutMs: 15_000,
      env: {
        PATH: process.env.PATH,
        HOST: '127.0.0.1',
        PORT: String(this.ports.api),
        DATABASE_URL: this.database.url,
        ADMIN_KEY: this.adminKey,
        STRIPE_SECRET_KEY: 'sk_test_crash',
        STRIPE_API_BASE: this.simulator.url,
        STRIPE_WEBHOOK_SECRET: 'whsec_crash',
        LOG_LEVEL: 'warn',
        ...env,
        ...this.env,
      },
    });
  }

  /** Asks as the admin, or with the key that is given. */
  async ask(
    method: string,
    path: string,
    body?: unknown,
    key = this.adminKey,
    headers: Record<string, string> = {},
    url = this.url,
  ): Promise<Answer> {
    const response = await fetch(url + path, {
      method,
      headers: {
        Authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? null : JSON.parse(text) };
  }

  /** An account with a card that pays, $20.00 paid in advance, and auto-reload at $10.00 for $25.00. */
  async account(id: string, card = 'pm_card_visa', monthlyLimit?: string): Promise<string> {
    await this.must('POST', '/v1/accounts', {
      id,
      name: id,
      members: [{ name: 'Olga', email: `olga@${id}.example`, role: 'owner' }],
    });
    const { data } = await this.must('GET', `/v1/accounts/${id}/members`);
    const { key } = await this.must('POST', `/v1/accounts/${id}/keys`, { memberId: data[0].id });
    await this.must('POST', `/v1/accounts/${id}/payment-methods`, { paymentMethod: 'pm_card_visa' }, key);
    await this.must('POST', `/v1/accounts/${id}/prepayments`, { amount: '20.00' }, key, {
      'Idempotency-Key': `first-${id}`,
    });
    await this.must(
      'PUT',
      `/v1/accounts/${id}/auto-reload`,
      { threshold: '10.00', amount: '25.00', ...(monthlyLimit && { monthlyLimit }), acceptTerms: true },
      key,
    );
    if (card !== 'pm_card_visa')
      await this.must('POST', `/v1/accounts/${id}/payment-methods`, { paymentMethod: card, role: 'primary' }, key);
    return id;
  }

  private async must(...args: Parameters<Cluster['ask']>): Promise<any> {
    const { status, body } = await this.ask(...args);
    if (status >= 300 || status === 202) throw new Error(`${args[0]} ${args[1]}: ${status} ${JSON.stringify(body)}`);
    return body;
  }

  async putModel(): Promise<void> {
    await this.must('PUT', '/v1/models/m', {
      provider: 'Test',
      license: 'open',
      input: ['text'],
      output: 'text',
      batch: false,
      prices: [{ from: '2020-01-01T00:00:00Z', inputPerMillion: '1', outputPerMillion: '1' }],
    });
  }

  /** Reports one event of so many whole dollars. */
  async use(accountId: string, id: string, dollars: number): Promise<Answer> {
    return this.report([{ id, accountId, model: 'm', inputTokens: dollars * 1_000_000 }]);
  }

  report = (events: unknown[], url = this.url): Promise<Answer> =>
    this.askAsService('POST', '/v1/usage', { events }, url);

  askAsService = (
    method: string,
    path: string,
    body: unknown,
    url = this.url,
    headers: Record<string, string> = {},
  ): Promise<Answer> => this.ask(method, path, body, this.serviceKey, headers, url);

  async gate(accountId: string, url = this.url): Promise<any> {
    return (await this.ask('GET', `/v1/accounts/${accountId}/gate`, undefined, undefined, {}, url)).body;
  }

  async lines(accountId: string, kind: string): Promise<number> {
    const { rows } = await this.database.pool.query<{ n: number }>(
      'select count(*)::int as n from ledger_lines where account_id = $1 and kind = $2',
      [accountId, kind],
    );
    return rows[0]!.n;
  }

  /** Charges at Stripe that succeeded, of all the account's payments. */
  async paidCharges(accountId: string): Promise<number> {
    const { rows } = await this.database.pool.query<{ c: string }>(
      'select stripe_customer_id as c from accounts where id = $1',
      [accountId],
    );
    return ((await this.simulate('GET', `/charges?customer=${rows[0]!.c}&status=succeeded`)) as unknown[]).length;
  }

  async simulate(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await fetch(`${this.simulator.url}/_sim${path}`, {
      method,
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }
}

async function kill({ pid, exited }: Pick<Daemon, 'pid' | 'exited'>): Promise<void> {
  process.kill(pid, 'SIGKILL');
  await exited;
}
