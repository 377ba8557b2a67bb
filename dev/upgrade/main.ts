/** `npm run upgrade:check [-- --from REVISION]`: an upgrade from an earlier release, on servers of its own, with the proof of what held. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { stopAllDaemons } from '../daemon';
import { checkUpgrade } from './check';
import { Programs } from './programs';
import { buildRelease, findRelease, ROOT } from './release';

const startedMs = performance.now();
const log = (line: string): void =>
  void process.stdout.write(`${((performance.now() - startedMs) / 1_000).toFixed(1).padStart(6)} s  ${line}\n`);

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { from: { type: 'string' } } });
  const release = await findRelease(values.from);
  Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
  const folder = mkdtempSync(join(tmpdir(), 'ballast-upgrade-'));
  let programs: Programs | null = null;
  const end = async (): Promise<void> => {
    await programs?.stopAll();
    await stopAllDaemons();
    rmSync(folder, { recursive: true, force: true });
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => void end().finally(() => process.exit(130)));
  try {
    const old = join(folder, 'old');
    const dataDir = join(folder, 'data');
    for (const made of [old, join(dataDir, 'run')]) mkdirSync(made, { recursive: true });
    log(`from ${release.says}`);
    await buildRelease(release, old, log);
    programs = await Programs.start(dataDir, () => undefined);
    await checkUpgrade(programs, { old, now: ROOT }, log);
    log('The upgrade holds.');
  } finally {
    await end();
  }
}

main().then(
  () => process.exit(0),
  (error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  },
);
