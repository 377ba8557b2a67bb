/** A build of another revision of this repository, compiled in a folder of its own. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../dev/commands';

export type Build = {
  /** A short hash, or `this`. */
  name: string;
  /** Where its compiled programs are. */
  dist: string;
  /** Whether a process of it that starts again serves on the schema of a later build. */
  servesOnLaterSchemas: boolean;
};

const BUILD_MS_MAX = 15 * 60_000;

const servesOnLaterSchemas = (root: string): boolean =>
  readFileSync(join(root, 'ledger', 'migrate.ts'), 'utf8').includes('from builds');

export const buildOfThis = (root: string): Build => ({
  name: 'this',
  dist: join(root, 'dist'),
  servesOnLaterSchemas: servesOnLaterSchemas(root),
});

/** @param revision as git names it. Throws when there is none such, or it can't be compiled. */
export async function buildRevision(root: string, revision: string, folder: string): Promise<Build> {
  const git = (...args: string[]): string =>
    execFileSync('git', ['-C', root, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
  const name = git('rev-parse', '--short', `${revision}^{commit}`);
  mkdirSync(folder, { recursive: true });
  const archive = join(folder, 'archive.tar');
  git('archive', '--output', archive, name);
  execFileSync('tar', ['-xf', archive, '-C', folder]);
  const lockOf = (of: string) => readFileSync(join(of, 'package-lock.json'), 'utf8');
  // With other packages, its own first step installs them.
  if (lockOf(root) === lockOf(folder)) symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const options = { cwd: folder, env: process.env, timeoutMs: BUILD_MS_MAX };
  const { output } = await run(process.execPath, [join('dev', 'bootstrap.mjs'), 'build'], options);
  const dist = join(folder, 'dist');
  if (!existsSync(join(dist, 'api', 'main.js'))) throw new Error(`${name} could not be compiled:\n${output}`);
  return { name, dist, servesOnLaterSchemas: servesOnLaterSchemas(folder) };
}
