/** An earlier release of Ballast, taken from git and compiled in a folder of its own. */
import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { run, type Log } from '../commands';

/** Of the sources, also when this runs compiled. */
export const ROOT = [join(__dirname, '..', '..'), join(__dirname, '..', '..', '..')].find((folder) =>
  existsSync(join(folder, 'package.json')),
)!;

const GIT_MS_MAX = 60_000;
const BUILD_MS_MAX = 600_000;

async function git(...args: string[]): Promise<string | null> {
  const { code, output } = await run('git', ['-C', ROOT, ...args], { timeoutMs: GIT_MS_MAX });
  return code === 0 && output !== '' ? output : null;
}

export type Release = { commit: string; says: string };

/**
 * The release to upgrade from. Throws, with what to do, where git or the revision is missing.
 * @param wanted a revision. @default the last tag, or where there is none the parent of the last commit that changed the schema
 */
export async function findRelease(wanted: string | undefined): Promise<Release> {
  if ((await git('rev-parse', '--git-dir')) === null)
    throw new Error(
      'The earlier release is taken from git: run this in a clone of the repository, with git installed.',
    );
  const revision = wanted ?? (await git('describe', '--tags', '--abbrev=0')) ?? (await beforeLastChange());
  const commit = await git('rev-parse', '--verify', '--quiet', `${revision}^{commit}`);
  if (commit === null)
    throw new Error(
      `git does not know ${revision} here: fetch the whole history (git fetch --unshallow --tags), or name another with --from.`,
    );
  return { commit, says: (await git('log', '-1', '--format=%h %cs %s', commit))! };
}

async function beforeLastChange(): Promise<string> {
  const last = await git('log', '-1', '--format=%H', '--', 'ledger/migrations/*.sql', 'ledger/functions/*.sql');
  if (last === null) throw new Error('No commit has changed the schema: name a release with --from.');
  return `${last}^`;
}

/** Compiles it into `folder`, with the packages that are installed here if they are the same, else with its own. The console's files are this release's. */
export async function buildRelease({ commit }: Release, folder: string, log: Log): Promise<void> {
  const must = async (what: string, command: string, ...args: string[]): Promise<void> => {
    const { code, output } = await run(command, args, { timeoutMs: BUILD_MS_MAX, cwd: folder });
    if (code !== 0) throw new Error(`${what} failed; --from names another revision. It said:\n${output.slice(-1_000)}`);
  };
  const archive = `${folder}.tar`;
  await must('Reading it from git', 'git', '-C', ROOT, 'archive', '--output', archive, commit);
  await must('Unpacking it', 'tar', '-xf', archive, '-C', folder);
  const lockOf = (place: string): string => readFileSync(join(place, 'package-lock.json'), 'utf8');
  if (lockOf(folder) === lockOf(ROOT)) symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  else {
    log('its packages are others: installing them');
    await must('npm ci', 'npm', 'ci');
  }
  await must('Compiling it', process.execPath, 'node_modules/typescript/bin/tsc', '-p', '.');
  await must('Bundling its workflows', process.execPath, 'dist/workers/bundle.js');
  symlinkSync(join(ROOT, 'dist', 'console'), join(folder, 'dist', 'console'));
}
