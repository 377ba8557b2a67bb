/** The programs a cluster is made of: Debian's packages, and Temporal's server built from its Go module. */
import { chmodSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir, installOnce } from '../cache';
import { findOnPath, isExecutable, run, type Log } from '../commands';
import { goInstall } from '../goInstall';

export interface Programs {
  etcd: string;
  patroni: string;
  haproxy: string;
  /** The folder of Postgres's own programs. */
  postgresBin: string;
  temporalServer: string;
  temporalSql: string;
}

const TEMPORAL = 'v1.29.1';
const POSTGRES_BIN = '/usr/lib/postgresql/15/bin';
/** Each with a file that is there when it is installed. */
const PACKAGES = {
  'etcd-server': '/usr/bin/etcd',
  patroni: '/usr/bin/patroni',
  'python3-etcd': '/usr/lib/python3/dist-packages/etcd',
  'python3-psycopg2': '/usr/lib/python3/dist-packages/psycopg2',
  'postgresql-15': `${POSTGRES_BIN}/pg_rewind`,
  haproxy: '/usr/sbin/haproxy',
};
const INSTALL_MS_MAX = 10 * 60_000;
const BUILD_MS_MAX = 30 * 60_000;
/** Asked by Debian's packages before they start what they bring; 101 says no. */
const START_POLICY = '/usr/sbin/policy-rc.d';

/** Installs what is missing. Throws one line that says what to do where it can't. */
export async function ensurePrograms(log: Log): Promise<Programs> {
  await installPackages(log);
  return {
    etcd: PACKAGES['etcd-server'],
    patroni: PACKAGES.patroni,
    haproxy: PACKAGES.haproxy,
    postgresBin: POSTGRES_BIN,
    temporalServer: await build('go.temporal.io/server/cmd/server', 'temporal-server', log),
    temporalSql: await build('go.temporal.io/server/cmd/tools/sql', 'temporal-sql', log),
  };
}

async function installPackages(log: Log): Promise<void> {
  const missing = Object.entries(PACKAGES).flatMap(([name, file]) => (existsSync(file) ? [] : [name]));
  if (missing.length === 0) return;
  const command = `apt-get install -y --no-install-recommends ${missing.join(' ')}`;
  const apt = findOnPath('apt-get');
  if (!apt)
    throw new Error(
      `The cluster needs Debian 12 for ${missing.join(', ')}, and there is no apt-get here: run it in a container of debian:bookworm.`,
    );
  if (process.getuid?.() !== 0)
    throw new Error(`The cluster needs packages that only root may install; run: sudo ${command}`);
  log(`installing ${missing.join(', ')} …`);
  await withoutServices(async () => {
    const options = {
      timeoutMs: INSTALL_MS_MAX,
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      onLine: (line: string) => /^(Get:|Setting up)/.test(line) && log(`  ${line}`),
    };
    await run(apt, ['update', '-qq'], options);
    const { code, output } = await run(apt, command.split(' ').slice(1), options);
    const still = missing.filter((name) => !existsSync(PACKAGES[name as keyof typeof PACKAGES]));
    if (code !== 0 || still.length > 0)
      throw new Error(
        `apt-get could not install ${still.join(', ')} (${output.split('\n').at(-1)}); see to it that this works: ${command}`,
      );
  });
}

/** The packages would start an etcd, a Patroni and a HAProxy of their own, on ports for everybody. */
async function withoutServices(work: () => Promise<void>): Promise<void> {
  if (existsSync(START_POLICY)) return work();
  writeFileSync(START_POLICY, '#!/bin/sh\nexit 101\n');
  chmodSync(START_POLICY, 0o755);
  try {
    await work();
  } finally {
    rmSync(START_POLICY);
  }
}

async function build(module: string, name: string, log: Log): Promise<string> {
  const folder = join(cacheDir(), `${name}-${TEMPORAL}`);
  const path = join(folder, name);
  if (isExecutable(path)) return path;
  if (!findOnPath('go'))
    throw new Error(
      `The cluster builds Temporal's server from its module, and there is no Go here: install Go 1.23 or newer (https://go.dev/dl), with go on PATH.`,
    );
  log(`building ${module}@${TEMPORAL} (takes some minutes, once)`);
  await installOnce(folder, async (fresh) => {
    const built = await goInstall(`${module}@${TEMPORAL}`, join(fresh, name), { timeoutMs: BUILD_MS_MAX, log });
    if (!built)
      throw new Error(`${module} could not be built; see to it that this works: go install ${module}@${TEMPORAL}`);
    chmodSync(join(fresh, name), 0o755);
  });
  return path;
}
