/** Embedded Postgres for `npm start` and the tests: created on first use, its port and password kept in the data directory. */
import { createHmac, randomBytes } from 'node:crypto';
import { chownSync, existsSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { Client } from 'pg';
import { run, sleep, type Log } from './commands';
import { startDaemon, tailOf, type Daemon, type DaemonOptions, type Exit } from './daemon';
import { commandLine, stopProcess } from './leftovers';
import { isPortFree, rememberedAddress, rememberedPort } from './ports';
import { findPostgresPlace, placeOutside, type PostgresPlace } from './postgresPlace';

export interface PostgresOptions {
  dataDir: string;
  port?: number;
  /** false: a crash may lose data, for tests. @default true */
  durable?: boolean;
  /** More of its settings, such as `wal_level=replica`, which win over ours. */
  settings?: readonly string[];
  log?: Log;
}

export interface RunningPostgres {
  /** Database `ballast`, as the role that owns its tables. */
  url: string;
  /** Database `ballast`, as the role that API and worker have: made and let by the migration. */
  serviceUrl: string;
  /** Database `stripe`, of the Stripe simulator: what is restored into `ballast` leaves it as it is. */
  simulatorUrl: string;
  /** Database `postgres`, to create others from. */
  adminUrl: string;
  pid: number;
  exited: Promise<Exit>;
  stop(): Promise<void>;
}

const readyTimeoutMs = 120_000; // recovery after a crash replays up to max_wal_size
const stopTimeoutMs = 30_000; // the shutdown checkpoint
const leftoverMsMax = 10_000;
const stopSignal = 'SIGINT'; // "fast": does not wait for clients to leave

const common = [
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
  'max_connections=200',
  'timezone=UTC',
  'log_timezone=UTC',
  'jit=off', // our statements are short: compiling them costs more than it gives
  'wal_level=minimal',
  'max_wal_senders=0', // nobody replicates from it
  'max_wal_size=4GB',
  'checkpoint_timeout=15min', // each checkpoint makes the next touch of every page dear
];
/** An eighth of the memory, within reason: an index that does not fit is read and written again with every event. */
const sharedBuffersMb = Math.min(2_048, Math.max(128, Math.floor(totalmem() / 2 ** 20 / 8)));
const durableSettings = [
  `shared_buffers=${sharedBuffersMb}MB`,
  'fsync=on',
  'synchronous_commit=on',
  'full_page_writes=on',
  // After a crash one call syncs the disk, instead of one for each of thousands of files: four seconds less on a busy disk.
  ...(process.platform === 'linux' ? ['recovery_init_sync_method=syncfs'] : []),
];
const throwawaySettings = ['shared_buffers=256MB', 'fsync=off', 'synchronous_commit=off', 'full_page_writes=off'];

export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const dataDir = resolve(options.dataDir);
  const log = options.log ?? (() => undefined);
  const place = await findPostgresPlace(dataDir);
  await stopLeftover(place.clusterDir, log);
  const durable = options.durable ?? true;
  const password = await ensureCluster(place, dataDir, durable, log);
  const port = await choosePort(dataDir, options.port);
  const settings = [...common, ...(durable ? durableSettings : throwawaySettings), ...(options.settings ?? [])];
  const urlOf = (database: string) => ownerUrl(`127.0.0.1:${port}`, password, database);
  const daemon = await launch(urlOf('postgres'), {
    command: join(place.bin, 'postgres'),
    args: ['-D', place.clusterDir, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])],
    env: { PATH: process.env.PATH, LC_MESSAGES: 'C' },
    cwd: '/', // the postgres user need not be allowed into ours
    logFile: join(dataDir, 'logs', 'postgres.log'),
    stopSignal,
    stopTimeoutMs,
    ...place.user,
  });
  await createDatabases(urlOf('postgres'), ['ballast', 'stripe']);
  return {
    url: urlOf('ballast'),
    serviceUrl: serviceUrlOf(urlOf('ballast')),
    simulatorUrl: urlOf('stripe'),
    adminUrl: urlOf('postgres'),
    pid: daemon.pid,
    exited: daemon.exited,
    stop: () => daemon.stop(),
  };
}

/** The processes of a postmaster that was killed end by themselves, within moments; until then no other may start. */
async function launch(url: string, options: DaemonOptions): Promise<Daemon> {
  for (const deadline = Date.now() + leftoverMsMax; ;) {
    const daemon = await startDaemon(options);
    try {
      await waitUntilReady(daemon, url);
      return daemon;
    } catch (error) {
      if (!/pre-existing shared memory block/.test((error as Error).message) || Date.now() > deadline) throw error;
      await sleep(200);
    }
  }
}

const ownerUrl = (address: string, password: string, database = 'ballast'): string =>
  `postgres://ballast:${password}@${address}/${database}`;

/** Ballast's database of this data directory, as its owner and as the service; null when it never ran. It may not run now. */
export function rememberedDatabase(dataDir: string): Pick<RunningPostgres, 'url' | 'serviceUrl'> | null {
  const address = rememberedAddress(dataDir, 'postgres');
  const file = passwordFileIn(dataDir);
  if (address === null || !existsSync(file)) return null;
  const url = ownerUrl(address, readFileSync(file, 'utf8').trim());
  return { url, serviceUrl: serviceUrlOf(url) };
}

const passwordFileIn = (dataDir: string): string => join(dataDir, 'postgres-password');

/** A password of its own that follows from the owner's, so that there is one less to keep. */
export function serviceUrlOf(ownerUrl: string): string {
  const url = new URL(ownerUrl);
  url.username = 'ballast_service';
  url.password = createHmac('sha256', url.password).update('ballast_service').digest('hex');
  return url.href;
}

async function choosePort(dataDir: string, wanted: number | undefined): Promise<number> {
  if (wanted === undefined) return rememberedPort(dataDir, 'postgres');
  if (!(await isPortFree(wanted))) throw new Error(`Port ${wanted}, wanted for Postgres, is in use.`);
  return wanted;
}

/** After a kill -9 of the supervisor the old postmaster may still run, or its pid may by now be another program's. */
export async function stopLeftover(clusterDir: string, log: Log): Promise<void> {
  const pidFile = join(clusterDir, 'postmaster.pid');
  if (!existsSync(pidFile)) return;
  const pid = Number(readFileSync(pidFile, 'utf8').split('\n')[0]);
  // One that was killed is there until it has ended, and then until its parent has heard of it, which may be never.
  for (const deadline = Date.now() + leftoverMsMax; exists(pid) && !commandLine(pid) && Date.now() < deadline;)
    await sleep(50);
  if (!exists(pid)) return; // Postgres itself clears the stale file and looks for orphaned backends
  const command = commandLine(pid) ?? '';
  if (command.includes('postgres') && command.includes(clusterDir)) {
    log(`Postgres of an earlier start is still running (pid ${pid}); stopping it`);
    await stopProcess(pid, stopSignal, stopTimeoutMs);
  } else {
    rmSync(pidFile, { force: true });
  }
}

/** Also a zombie: Postgres takes one for a postmaster that runs. */
function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** What a start leaves in its data directory sooner or later. */
const TRACES = ['secrets.json', 'ports.json', 'postgres', 'postgres-password'];

/**
 * Outside of a data directory of which nothing is left, a database may still be from one that was deleted with all it had,
 * its password too. It is kept under another name, and said where: call it before anything is written to the directory.
 */
export async function setOrphanAside(dataDir: string, log: Log): Promise<void> {
  const clusterDir = placeOutside(dataDir);
  const isTraced = TRACES.some((name) => lstatSync(join(dataDir, name), { throwIfNoEntry: false }) !== undefined);
  if (process.getuid?.() !== 0 || isTraced || !existsSync(clusterDir)) return;
  await stopLeftover(clusterDir, log);
  const aside = `${clusterDir}.old-${new Date().toISOString().replaceAll(':', '')}`;
  renameSync(clusterDir, aside);
  log(`${dataDir} is new; the database of the one that was here before is kept in ${aside}`);
}

/**
 * The password of the cluster. Both are created when there is neither; initdb runs beside the cluster's place, and what a
 * killed start has left there was never used. Nothing else is ever deleted.
 * @throws when one is there without the other: it may be all that is left of every balance
 */
async function ensureCluster(place: PostgresPlace, dataDir: string, durable: boolean, log: Log): Promise<string> {
  const passwordFile = passwordFileIn(dataDir);
  const { clusterDir } = place;
  const fresh = `${clusterDir}.new`;
  const [hasPassword, hasCluster] = [existsSync(passwordFile), existsSync(clusterDir)];
  if (hasCluster && !hasPassword)
    throw new Error(
      `There is a database in ${clusterDir}, but not its password, ${passwordFile}. Bring that file back. ` +
        `To begin with an empty database instead, move ${clusterDir} away.`,
    );
  if (hasPassword && !hasCluster && !existsSync(fresh))
    throw new Error(
      `The database is gone: ${passwordFile} is its password, but there is no ${clusterDir}. Bring that folder back. ` +
        `To begin with an empty database instead, move ${passwordFile} away.`,
    );
  if (!hasPassword) {
    log('creating the Postgres cluster');
    rmSync(fresh, { recursive: true, force: true });
    const password = randomBytes(24).toString('hex');
    await initialise(place, fresh, password, durable);
    // Under its name at once, or not at all: from here on the cluster is whole, and only its place is missing.
    writeFileSync(`${passwordFile}.new`, `${password}\n`, { mode: 0o600 });
    renameSync(`${passwordFile}.new`, passwordFile);
  }
  if (!hasCluster) renameSync(fresh, clusterDir);
  return readFileSync(passwordFile, 'utf8').trim();
}

async function initialise(place: PostgresPlace, folder: string, password: string, durable: boolean): Promise<void> {
  const { uid, gid } = place.user;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const passwordFile = join(dirname(folder), 'initial-password');
  writeFileSync(passwordFile, password, { mode: 0o600 });
  for (const path of [folder, passwordFile]) if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid);
  const locale = ['--no-locale', '--encoding=UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const access = ['--username=ballast', `--pwfile=${passwordFile}`, '--auth=scram-sha-256'];
  const args = [`--pgdata=${folder}`, ...access, ...locale, '--data-checksums', ...(durable ? [] : ['--no-sync'])];
  const env = { PATH: process.env.PATH, LC_MESSAGES: 'C' };
  const { code, output } = await run(join(place.bin, 'initdb'), args, { timeoutMs: 120_000, env, cwd: '/', uid, gid });
  rmSync(passwordFile, { force: true });
  if (code !== 0) throw new Error(`Postgres could not create its cluster in ${folder}:\n${output}`);
}

async function waitUntilReady(daemon: Daemon, url: string): Promise<void> {
  const deadline = Date.now() + readyTimeoutMs;
  for (;;) {
    const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
    client.on('error', () => undefined); // a server that goes away again shows in the next turn
    try {
      await client.connect();
      return;
    } catch (error) {
      if (daemon.isRunning() && Date.now() < deadline) await sleep(30);
      else throw new Error(`Postgres did not start: ${(error as Error).message}\n${tailOf(daemon)}`);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}

async function createDatabases(adminUrl: string, names: string[]): Promise<void> {
  const client = new Client({ connectionString: adminUrl });
  client.on('error', () => undefined);
  await client.connect();
  try {
    for (const name of names) {
      const found = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
      if (found.rowCount === 0) await client.query(`CREATE DATABASE ${name}`);
    }
  } finally {
    await client.end();
  }
}
