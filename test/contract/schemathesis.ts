/**
 * Schemathesis tries the API by its own document, on a whole Ballast (`npm start` on an empty data directory): what no
 * test of ours has thought of. With a key of every role; in less than four minutes. `npm run contract`.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Role } from '../../api/http/auth';
import { cacheDir, installOnce } from '../../dev/cache';
import { findOnPath, run } from '../../dev/commands';
import { freePort } from '../../dev/ports';

const VERSION = '4.32.5';
const INSTALL_MS = 180_000;
const START_MS = 180_000;
type KeyRole = Exclude<Role, 'anybody'>;
/** For how long with each role's key: those that may less hear 403 or 404 sooner. A role that is not here does not compile. */
const RUN_SECONDS: Readonly<Record<KeyRole, number>> = {
  admin: 45,
  service: 45,
  owner: 45,
  resource_modifier: 30,
  member: 30,
};
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'response_schema_conformance',
  'content_type_conformance',
  'unsupported_method',
];
/** Streams, which it would read for ever; streams.test.ts tries them. */
const LEFT_OUT = ['/v1/gates/stream', '/v1/accounts/{id}/stream'];
const ADMIN_KEY = 'admin-key-of-the-contract';
const ACCOUNT = 'contract';

/** Where its packages are, or why they are not. */
async function install(): Promise<{ folder: string } | { missing: string }> {
  if (!findOnPath('python3')) return { missing: 'python3 is not on the PATH' };
  const folder = join(cacheDir(), `schemathesis-${VERSION}`);
  try {
    await installOnce(folder, async (target) => {
      const args = ['-m', 'pip', 'install', '--quiet', '--target', target, `schemathesis==${VERSION}`];
      const { code, output } = await run('python3', args, { timeoutMs: INSTALL_MS });
      if (code !== 0) throw new Error(output.trim().split('\n').at(-1));
    });
  } catch (error) {
    return { missing: `pip could not install it: ${(error as Error).message}` };
  }
  return { folder };
}

async function start(dataDir: string, port: number): Promise<ChildProcess> {
  const bootstrap = ['dev', '../dev', '../../dev'].map((up) => join(__dirname, '..', '..', up, 'bootstrap.mjs'));
  const env = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    DATA_DIR: dataDir,
    PORT: String(port),
    ADMIN_KEY,
    DEMO: '0',
  };
  const child = spawn(process.execPath, [bootstrap.find(existsSync)!, 'start'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ready = new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => line.startsWith('Ballast is ready') && resolve());
    child.once('exit', (code) => reject(new Error(`Ballast did not start (exit code ${code})`)));
    setTimeout(() => reject(new Error('Ballast did not start in time')), START_MS).unref();
  });
  await ready.catch((error) => {
    child.kill();
    throw error;
  });
  return child;
}

/** A key of each kind, and an account with a card and some money to try things on. */
async function prepare(url: string): Promise<Record<KeyRole, string>> {
  const ask = async <T>(method: string, path: string, key: string, body: object): Promise<T> => {
    const headers = { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json', 'Idempotency-Key': path };
    const answer = await fetch(url + path, { method, headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  };
  const account = `/v1/accounts/${ACCOUNT}`;
  const roles = ['owner', 'resource_modifier', 'member'] as const;
  const members = roles.map((role) => ({ name: role, email: `${role}@contract.example`, role }));
  await ask('POST', '/v1/accounts', ADMIN_KEY, { id: ACCOUNT, name: 'Contract', members });
  const headers = { Authorization: `Bearer ${ADMIN_KEY}` };
  const listed = (await (await fetch(`${url}${account}/members`, { headers })).json()) as {
    data: { id: string; role: string }[];
  };
  const keyOf = async (role: (typeof roles)[number]): Promise<string> => {
    const { id: memberId } = listed.data.find((member) => member.role === role)!;
    return (await ask<{ key: string }>('POST', `${account}/keys`, ADMIN_KEY, { memberId })).key;
  };
  const owner = await keyOf('owner');
  const service = await ask<{ key: string }>('POST', '/v1/keys', ADMIN_KEY, { role: 'service', name: 'contract' });
  await ask('POST', `${account}/payment-methods`, owner, { paymentMethod: 'pm_card_visa' });
  await ask('POST', `${account}/adjustments`, ADMIN_KEY, { amount: '10.00', reason: 'to try things on' });
  const [modifier, member] = [await keyOf('resource_modifier'), await keyOf('member')];
  return { admin: ADMIN_KEY, service: service.key, owner, resource_modifier: modifier, member };
}

/** Resolves with whether all of it was as the document says. */
async function tryWith(role: KeyRole, key: string, url: string, folder: string, workDir: string): Promise<boolean> {
  process.stdout.write(`schemathesis with the key of the role ${role}\n`);
  const config = join(workDir, 'schemathesis.toml');
  writeFileSync(config, `[parameters]\n"path.id" = "${ACCOUNT}"\n"X-Account-Id" = "${ACCOUNT}"\n`);
  const args = [
    ['-c', 'import sys; from schemathesis.cli import schemathesis; sys.exit(schemathesis())'],
    ['--config-file', config, 'run', `${url}/openapi.json`, '--checks', CHECKS.join(',')],
    ['--header', `Authorization: Bearer ${key}`, '--phases', 'coverage,fuzzing', '--max-examples', '10'],
    ['--max-time', String(RUN_SECONDS[role]), '--request-timeout', '30', '--warnings', 'off', '--continue-on-failure'],
    ['--suppress-health-check', 'all', '--no-shrink', '--seed', '1'],
    ...LEFT_OUT.map((path) => ['--exclude-path', path]),
  ].flat();
  const env = { ...process.env, PYTHONPATH: folder, NO_COLOR: '1' };
  const child = spawn('python3', args, { cwd: workDir, env, stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code === 0;
}

async function main(): Promise<void> {
  const installed = await install();
  if ('missing' in installed) {
    const skipped = Object.keys(RUN_SECONDS).length;
    process.stdout.write(`schemathesis: 0 roles passed, ${skipped} SKIPPED: ${installed.missing}\n`);
    return;
  }
  const workDir = mkdtempSync(join(tmpdir(), 'ballast-contract-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const ballast = await start(join(workDir, 'data'), port);
  try {
    const failed: string[] = [];
    const keys = Object.entries(await prepare(url));
    for (const [role, key] of keys)
      if (!(await tryWith(role as KeyRole, key, url, installed.folder, workDir))) failed.push(role);
    const names = failed.length > 0 ? ` (${failed.join(', ')})` : '';
    process.stdout.write(
      `schemathesis: ${keys.length - failed.length} roles passed, ${failed.length} failed${names}, 0 skipped\n`,
    );
    if (failed.length > 0) process.exitCode = 1;
  } finally {
    ballast.kill('SIGTERM');
    await once(ballast, 'exit');
    rmSync(workDir, { recursive: true, force: true });
  }
}

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
