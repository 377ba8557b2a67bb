/** Builds a Go program from its module into a file. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir } from './cache';
import { findOnPath, run, type Log } from './commands';

/** @param module such as `github.com/owner/name@v1.2.3`. Resolves with false when Go is not here, or can't build it. */
export async function goInstall(
  module: string,
  path: string,
  { timeoutMs, log }: { timeoutMs: number; log: Log },
): Promise<boolean> {
  const go = findOnPath('go');
  if (!go) return false;
  const folder = mkdtempSync(join(cacheDir(), 'go-'));
  const started = Date.now();
  const progress = setInterval(() => log(`  building for ${Math.round((Date.now() - started) / 1_000)} s`), 15_000);
  try {
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    const { code, output } = await run(go, ['install', module], {
      timeoutMs,
      env: { ...process.env, GOBIN: bin, CGO_ENABLED: '0' },
      cwd: folder,
    });
    if (code !== 0) {
      log(`  ${output.split('\n').at(-1) ?? ''}`);
      return false;
    }
    copyFileSync(join(bin, module.split('@')[0]!.split('/').at(-1)!), path);
    return true;
  } finally {
    clearInterval(progress);
    rmSync(folder, { recursive: true, force: true });
  }
}
