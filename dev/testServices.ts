/** One Postgres and one Temporal dev server for a test run: prints a JSON line when both are ready, stops when its input closes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from './postgres';
import { startTemporal } from './temporal';
import { ensureTestServer } from './testServer';

export interface TestServices {
  postgresAdminUrl: string;
  temporalAddress: string;
  timeSkippingServer: string;
}

const log = (line: string) => void process.stderr.write(`${line}\n`);

async function main(): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'ballast-test-'));
  const started: { stop(): Promise<void> }[] = [];
  const track = async <T extends { stop(): Promise<void> }>(starting: Promise<T>): Promise<T> => {
    const service = await starting;
    started.push(service);
    return service;
  };
  const starting = Promise.allSettled([
    track(startPostgres({ dataDir, durable: false, log })),
    track(startTemporal({ dataDir: null, namespace: 'default', logFile: join(dataDir, 'logs', 'temporal.log'), log })),
    ensureTestServer({ log }),
  ]);
  let stopping = false;
  const stop = async (code: number) => {
    if (stopping) return;
    stopping = true;
    await starting; // what is half up could not be stopped
    await Promise.allSettled(started.map((service) => service.stop()));
    rmSync(dataDir, { recursive: true, force: true });
    process.exit(code);
  };
  // A killed jest closes our input too, so nothing outlives it. Ctrl-C reaches jest as well: it closes the input.
  process.stdin.on('end', () => void stop(0)).resume();
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => void stop(0));

  const [postgres, temporal, testServer] = await starting;
  const failed = [postgres, temporal, testServer].find((result) => result.status === 'rejected');
  if (postgres.status === 'rejected' || temporal.status === 'rejected' || testServer.status === 'rejected') {
    log(String((failed as PromiseRejectedResult).reason));
    return stop(1);
  }
  const services: TestServices = {
    postgresAdminUrl: postgres.value.adminUrl,
    temporalAddress: temporal.value.address,
    timeSkippingServer: testServer.value,
  };
  process.stdout.write(`${JSON.stringify(services)}\n`);
}

void main();
