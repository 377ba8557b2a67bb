/** Two releases of Ballast on one Postgres, one Temporal and one simulator: each program of either is started and stopped by its name. */
import { join } from 'node:path';
import { readConfig } from '../../domain/config';
import { run, type Log } from '../commands';
import { stopAllDaemons } from '../daemon';
import { readSecrets } from '../dataDir';
import { programEnvironment, simulatorEnvironment, type Given } from '../environment';
import type { KeptRunning } from '../keepRunning';
import { freePort } from '../ports';
import { startPostgres, type RunningPostgres } from '../postgres';
import { startProcess } from '../processes';
import { startTemporal, type RunningTemporal } from '../temporal';

const MIGRATE_MS_MAX = 600_000;
const VERIFY_MS_MAX = 120_000;

export type Program = 'api' | 'worker';
const SCRIPTS: Record<Program, string> = { api: 'api/main.js', worker: 'workers/main.js' };

export class Programs {
  private readonly kept = new Map<string, KeptRunning>();
  /** What nobody has asked for, such as the end of a process. */
  readonly complaints: string[] = [];

  private constructor(
    private readonly given: Given,
    readonly postgres: RunningPostgres,
    readonly temporal: RunningTemporal,
    private readonly stripeUrl: string,
  ) {}

  static async start(dataDir: string, log: Log): Promise<Programs> {
    const given = { config: readConfig({ DEMO: '0' }), secrets: readSecrets(dataDir, undefined), dataDir };
    const [postgres, temporal, stripePort] = await Promise.all([
      startPostgres({ dataDir, durable: false, log }),
      startTemporal({ dataDir: null, namespace: 'default', log }),
      freePort(),
    ]);
    const programs = new Programs(given, postgres, temporal, `http://127.0.0.1:${stripePort}`);
    const places = { apiPort: 9, simulatorUrl: postgres.simulatorUrl };
    await programs.keep('the simulator', 'dev/stripe/main.js', simulatorEnvironment(given, places, stripePort));
    return programs;
  }

  get adminKey(): string {
    return this.given.secrets.adminKey;
  }

  /** Resolves with its address when it serves. @param home of the release, where its `dist` is */
  async startProgram(name: string, program: Program, home: string): Promise<string> {
    const port = await freePort();
    await this.keep(name, join(home, 'dist', SCRIPTS[program]), this.environment(port));
    return `http://127.0.0.1:${port}`;
  }

  async stop(name: string): Promise<void> {
    await this.kept.get(name)!.stop();
    this.kept.delete(name);
  }

  /** What the release's `migrate.js` says. */
  async migrate(home: string): Promise<string> {
    const env = { ...this.environment(9), MIGRATE_DATABASE_URL: this.postgres.url };
    return this.must(join(home, 'dist', 'workers', 'migrate.js'), [], env, MIGRATE_MS_MAX);
  }

  /** What today's `verify` says, all news being counted. Throws when an invariant does not hold. */
  async verify(home: string): Promise<string> {
    return this.must(join(home, 'dist', 'verify', 'main.js'), ['--grace', '0'], this.environment(9), VERIFY_MS_MAX);
  }

  async stopAll(): Promise<void> {
    for (const service of this.kept.values()) await service.stop();
    await stopAllDaemons();
  }

  private environment(apiPort: number): NodeJS.ProcessEnv {
    const places = {
      apiPort,
      batches: '',
      databaseUrl: this.postgres.serviceUrl,
      simulatorUrl: '',
      temporal: this.temporal.address,
      stripe: this.stripeUrl,
    };
    return { ...process.env, ...programEnvironment(this.given, places), LOG_LEVEL: 'warn' };
  }

  private async keep(name: string, script: string, env: NodeJS.ProcessEnv): Promise<void> {
    const { dataDir } = this.given;
    const log = (line: string): void => void this.complaints.push(line);
    this.kept.set(name, await startProcess({ name, script, env: () => env, dataDir, log }));
  }

  private async must(script: string, args: string[], env: NodeJS.ProcessEnv, timeoutMs: number): Promise<string> {
    const { code, output } = await run(process.execPath, [script, ...args], { env, timeoutMs });
    if (code !== 0) throw new Error(output);
    return output;
  }
}
