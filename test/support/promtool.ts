/** Finds promtool, which checks rules and expressions for Prometheus, or takes it out of Debian's package without installing that. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheDir, installOnce } from '../../dev/cache';
import { findOnPath, run } from '../../dev/commands';

const DOWNLOAD_MS = 120_000;

/** Its path; null where it is neither on the PATH nor to be had from Debian. Debian's package would also start a server. */
export async function findPromtool(): Promise<string | null> {
  const here = findOnPath('promtool');
  if (here) return here;
  const folder = join(cacheDir(), 'promtool');
  const cached = join(folder, 'usr', 'bin', 'promtool');
  if (!existsSync(cached) && findOnPath('apt-get') && findOnPath('dpkg-deb')) {
    await installOnce(folder, unpack).catch(() => undefined);
  }
  return existsSync(cached) ? cached : null;
}

async function unpack(folder: string): Promise<void> {
  const downloads = mkdtempSync(join(tmpdir(), 'ballast-promtool-'));
  try {
    const download = () => run('apt-get', ['download', '-q', 'prometheus'], { timeoutMs: DOWNLOAD_MS, cwd: downloads });
    if ((await download()).code !== 0) {
      await run('apt-get', ['update', '-q'], { timeoutMs: DOWNLOAD_MS });
      await download();
    }
    const archive = readdirSync(downloads).find((file) => file.endsWith('.deb'));
    if (archive === undefined) throw new Error('the package prometheus is not to be had');
    const { code, output } = await run('dpkg-deb', ['-x', join(downloads, archive), folder], {
      timeoutMs: DOWNLOAD_MS,
    });
    if (code !== 0) throw new Error(output);
  } finally {
    rmSync(downloads, { recursive: true, force: true });
  }
}
