/** The Temporal dev server for `npm start` and the tests. */
import { devNull } from 'node:os';
import { join, resolve } from 'node:path';
import { Connection } from '@temporalio/client';
import { sleep, type Log } from './commands';
import { startDaemon, tailOf, type Daemon, type Exit } from './daemon';
import { recordProcess, stopRecorded } from './leftovers';
import { freePort, rememberedPort } from './ports';
import { ensureTemporalCli } from './temporalCli';

export { ensureTemporalCli } from './temporalCli';

export interface TemporalOptions {
  /** null: in memory, without UI unless `uiPort` is given. */
  dataDir: string | null;
  port?: number;
  uiPort?: number;
  namespace: string;
  /** Settings of the server, as `--dynamic-config-value` takes them: values are JSON. */
  dynamicConfig?: Record<string, string>;
  /** @default `logs/temporal.log` in the data directory, none without one */
  logFile?: string;
  /** One that is not healthy by then is ended. @default 60_000 */
  readyTimeoutMs?: number;
  log: Log;
}

export interface RunningTemporal {
  address: string;
  uiUrl: string | null;
  pid: number;
  exited: Promise<Exit>;
  stop(): Promise<void>;
}

const stopTimeoutMs = 10_000;
const stopSignal = 'SIGTERM';

export async function startTemporal(options: TemporalOptions): Promise<RunningTemporal> {
  const cli = await ensureTemporalCli({ log: options.log });
  const dataDir = options.dataDir === null ? null : resolve(options.dataDir);
  const record = dataDir && join(dataDir, 'run', 'temporal.json');
  if (record && (await stopRecorded(record, stopSignal, stopTimeoutMs)))
    options.log('stopped the Temporal server of an earlier start');

  const port = options.port ?? (dataDir ? await rememberedPort(dataDir, 'temporal') : await freePort());
  const uiPort = options.uiPort ?? (dataDir ? await rememberedPort(dataDir, 'temporalUi', { preferred: 8233 }) : null);
  const logFile = options.logFile ?? (dataDir ? join(dataDir, 'logs', 'temporal.log') : devNull);
  const args = [
    ...serverArguments(options.namespace, dataDir, port, uiPort),
    ...dynamicConfigArguments(options.dynamicConfig ?? {}),
  ];
  const daemon = await startDaemon({ command: cli, args, logFile, stopSignal, stopTimeoutMs });
  if (record) recordProcess(record, daemon.pid, options.log);
  const address = `127.0.0.1:${port}`;
  try {
    await waitUntilHealthy(daemon, address, options);
  } catch (error) {
    // Whoever tries again takes another port: two servers would then write the same database.
    await daemon.stop();
    throw error;
  }
  return {
    address,
    uiUrl: uiPort === null ? null : `http://127.0.0.1:${uiPort}`,
    pid: daemon.pid,
    exited: daemon.exited,
    stop: () => daemon.stop(),
  };
}

function serverArguments(namespace: string, dataDir: string | null, port: number, uiPort: number | null): string[] {
  // WAL with synchronous NORMAL more than doubles the signal rate and lost nothing acknowledged in kill -9 runs.
  const storage = dataDir
    ? [
        '--db-filename',
        join(dataDir, 'temporal.db'),
        '--sqlite-pragma',
        'journal_mode=WAL',
        '--sqlite-pragma',
        'synchronous=NORMAL',
      ]
    : [];
  const ui = uiPort === null ? ['--headless'] : ['--ui-ip', '127.0.0.1', '--ui-port', String(uiPort)];
  return [
    'server',
    'start-dev',
    '--ip',
    '127.0.0.1',
    '--port',
    String(port),
    ...ui,
    '--namespace',
    namespace,
    '--log-level',
    'error',
    ...storage,
  ];
}

const dynamicConfigArguments = (values: Record<string, string>): string[] =>
  Object.entries(values).flatMap(([name, value]) => ['--dynamic-config-value', `${name}=${value}`]);

async function waitUntilHealthy(
  daemon: Daemon,
  address: string,
  { namespace, readyTimeoutMs = 60_000 }: Pick<TemporalOptions, 'namespace' | 'readyTimeoutMs'>,
): Promise<void> {
  const deadline = Date.now() + readyTimeoutMs;
  for (;;) {
    try {
      const connection = await Connection.connect({ address, connectTimeout: 2_000 });
      await connection.workflowService.describeNamespace({ namespace }).finally(() => connection.close());
      return;
    } catch (error) {
      if (daemon.isRunning() && Date.now() < deadline) await sleep(100);
      else throw new Error(`The Temporal dev server did not start: ${(error as Error).message}\n${tailOf(daemon)}`);
    }
  }
}
