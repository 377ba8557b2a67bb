/** Lets the Temporal SDK download a test server by its own means, in a child process that can be given up on. */
import { fork } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir } from './cache';
import type { Log } from './commands';

export type ServerKind = 'dev-server' | 'time-skipping';

const stalledMs = 10_000; // no byte for this long: the network is closed

/**
 * Downloads the server into a new folder and passes its path to `use`; the folder is gone afterwards.
 * False when the download failed or stalled.
 */
export async function withSdkDownload(
  kind: ServerKind,
  log: Log,
  use: (path: string) => Promise<void>,
): Promise<boolean> {
  const folder = mkdtempSync(join(cacheDir(), 'sdk-download-'));
  try {
    const ended = await downloadInChild(kind, folder, log);
    const name = readdirSync(folder).find((file) => !file.endsWith('.downloading'));
    if (!ended || !name) return false;
    await use(join(folder, name));
    return true;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function downloadInChild(kind: ServerKind, folder: string, log: Log): Promise<boolean> {
  const child = fork(__filename, [kind, folder], { stdio: 'ignore' });
  let bytes = 0;
  let grownAt = Date.now();
  const watch = setInterval(() => {
    const now = readdirSync(folder).reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
    if (now > bytes) {
      grownAt = Date.now();
      log(`  ${(now / 1e6).toFixed(0)} MB`);
    } else if (Date.now() - grownAt > stalledMs) child.kill('SIGKILL');
    bytes = now;
  }, 1_000);
  return new Promise((resolve) => {
    child.on('exit', (code) => {
      clearInterval(watch);
      resolve(code === 0);
    });
  });
}

/** The SDK has no call that only downloads: start the server and stop it again. */
async function startAndStop(kind: ServerKind, downloadDir: string): Promise<void> {
  const { TestWorkflowEnvironment } = await import('@temporalio/testing');
  const server = { executable: { type: 'cached-download' as const, downloadDir } };
  const environment =
    kind === 'dev-server'
      ? await TestWorkflowEnvironment.createLocal({ server })
      : await TestWorkflowEnvironment.createTimeSkipping({ server });
  await environment.teardown();
}

if (require.main === module) {
  startAndStop(process.argv[2] as ServerKind, process.argv[3]!).then(
    () => process.exit(0),
    () => process.exit(1),
  );
}
