/** Postgres and Temporal as `npm start` runs them. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { keepRunning, type KeptRunning, type Service } from '../../dev/keepRunning';
import { startPostgres } from '../../dev/postgres';
import { childrenOf, signalQuietly } from '../../dev/processTable';
import { startTemporal } from '../../dev/temporal';
import { prepareDatabase } from '../../ledger/prepareDatabase';
import type { Ground, GroundOptions, GroundServer } from './ground';
import type { Kill } from './parts';

export class Embedded implements Ground {
  readonly kind = 'embedded';
  private readonly kept = new Map<GroundServer, KeptRunning>();
  private readonly ports: Record<GroundServer, number> = { Postgres: 0, Temporal: 0 };
  private urls = { url: '', serviceUrl: '', simulatorUrl: '' };
  private losesTemporalData = false;

  constructor(private readonly options: GroundOptions) {}

  async start(): Promise<void> {
    await Promise.all([this.startPostgres(), this.startTemporal()]);
  }
  async stop(): Promise<void> {
    for (const service of [...this.kept.values()].toReversed()) await service.stop();
  }

  port(server: GroundServer): number {
    return this.ports[server];
  }
  databaseUrl(): string {
    return this.urls.url;
  }
  serviceUrl(): string {
    return this.urls.serviceUrl;
  }
  simulatorUrl(): string {
    return this.urls.simulatorUrl;
  }

  kill(server: GroundServer): Kill {
    const atMs = performance.now();
    this.options.journal.expectEnd(server);
    return { atMs, isMet: this.signal(server, 'SIGKILL') };
  }
  signal(server: GroundServer, signal: NodeJS.Signals): boolean {
    return signalQuietly(this.kept.get(server)!.current().pid, signal);
  }
  /** Kills Temporal, and has it start without what it knew. */
  loseTemporalData(): Kill {
    this.losesTemporalData = true;
    return this.kill('Temporal');
  }
  killBackend(): boolean {
    const backend = childrenOf(this.kept.get('Postgres')!.current().pid).at(-1);
    return backend !== undefined && signalQuietly(backend, 'SIGKILL');
  }
  upAtMs(server: GroundServer): number | undefined {
    return this.options.journal.upAtMs(server);
  }
  settle(): Promise<void> {
    return Promise.resolve();
  }

  private startPostgres(): Promise<void> {
    const { dataDir, log } = this.options;
    return this.keep('Postgres', async () => {
      const postgres = await startPostgres({ dataDir, log });
      this.ports.Postgres = Number(new URL(postgres.url).port);
      this.urls = postgres;
      await prepareDatabase({ ownerUrl: postgres.url, serviceUrl: postgres.serviceUrl });
      return postgres;
    });
  }

  private startTemporal(): Promise<void> {
    const { dataDir, log } = this.options;
    return this.keep('Temporal', async () => {
      if (this.losesTemporalData)
        for (const suffix of ['', '-wal', '-shm']) rmSync(join(dataDir, `temporal.db${suffix}`), { force: true });
      this.losesTemporalData = false;
      const temporal = await startTemporal({ dataDir, namespace: 'default', log });
      this.ports.Temporal = Number(temporal.address.split(':')[1]);
      return temporal;
    });
  }

  private async keep(server: GroundServer, start: () => Promise<Service>): Promise<void> {
    const begin = (): Promise<Service> => this.options.starts.unlessStopping(start);
    this.kept.set(server, await keepRunning(server, begin, this.options.journal.note));
  }
}
