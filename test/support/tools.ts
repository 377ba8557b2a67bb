/** Tools that examples run on, installed where they are missing: from Debian and from PyPI. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findOnPath, isExecutable, run, type Outcome } from '../../dev/commands';

const INSTALL_MS = 180_000;

/** The path of nginx; throws with what went wrong when it is neither here nor to be had. */
export async function requireNginx(): Promise<string> {
  // Debian puts it where only root looks.
  const find = () => findOnPath('nginx') ?? ['/usr/sbin/nginx'].find(isExecutable);
  const here = find();
  if (here) return here;
  if (process.getuid?.() !== 0 || !findOnPath('apt-get')) throw new Error('nginx is not installed, and only root can install it: apt-get install nginx-light');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const steps = [['update', '-q'], ['install', '-y', '-q', '--no-install-recommends', 'nginx-light']];
  let last: Outcome = { code: 0, output: '' };
  for (const step of steps) last = await run('apt-get', step, { timeoutMs: INSTALL_MS, env });
  const installed = find();
  if (!installed) throw new Error(`nginx is not installed, and apt-get install nginx-light has failed: ${last.output.slice(-500)}`);
  return installed;
}

/** An environment in which python3 finds these packages: [name on PyPI, name to import]. */
export async function requirePython(packages: readonly (readonly [string, string])[]): Promise<NodeJS.ProcessEnv> {
  const imports = packages.map(([, name]) => `import ${name}`).join('; ');
  if ((await run('python3', ['-c', imports], { timeoutMs: 30_000 })).code === 0) return process.env;
  const target = mkdtempSync(join(tmpdir(), 'ballast-python-'));
  const env = { ...process.env, PYTHONPATH: target };
  const installed = await run('python3', ['-m', 'pip', 'install', '--quiet', '--target', target, ...packages.map(([name]) => name)], { timeoutMs: INSTALL_MS });
  const works = await run('python3', ['-c', imports], { timeoutMs: 30_000, env });
  if (works.code !== 0) throw new Error(`python3 with ${packages.map(([name]) => name).join(', ')} is not to be had: ${installed.output.slice(-500)} ${works.output}`);
  return env;
}
