/** `npm run upgrade:check [-- REVISION]`: upgrades from that revision to this one while callers go on; ends with 1 when one of them noticed. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stopAllDaemons } from '../../dev/daemon';
import { buildOfThis, buildRevision } from './build';
import { checkUpgrade } from './check';
import { startStack } from './stack';

const root = [join(__dirname, '..', '..'), join(__dirname, '..', '..', '..')].find((path) =>
  existsSync(join(path, 'package-lock.json')),
)!;

/** The last release; the last commit while there is none. */
function lastRelease(): string {
  try {
    const args = ['-C', root, 'describe', '--tags', '--abbrev=0', '--match', 'v*'];
    return execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return 'HEAD';
  }
}

async function main(): Promise<void> {
  const revision = process.argv[2] ?? lastRelease();
  const folder = mkdtempSync(join(tmpdir(), 'ballast-upgrade-'));
  const clear = async (): Promise<void> => {
    await stopAllDaemons();
    rmSync(folder, { recursive: true, force: true });
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void clear().then(() => process.exit(1)));
  try {
    console.log(`compiling ${revision} …`);
    const older = await buildRevision(root, revision, join(folder, 'older'));
    const stack = await startStack(folder);
    const { counts, faults, notes } = await checkUpgrade(stack, older, buildOfThis(root), (line) => console.log(line));
    const { usage, gates, holds, prepayments } = counts;
    console.log(`${usage} usage events, ${gates} gates, ${holds} holds and ${prepayments} prepayments were answered.`);
    for (const note of notes) console.log(`Note: ${note}.`);
    for (const fault of faults) console.log(`NOT AS IT MUST BE: ${fault}`);
    if (faults.length > 0) process.exitCode = 1;
    else console.log(`The upgrade from ${older.name} went without a stop.`);
    await stack.stop();
  } finally {
    await clear();
  }
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
