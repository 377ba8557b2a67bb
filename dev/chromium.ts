/** Finds Chromium for the browser tests, or installs Debian's. */
import { findOnPath, isExecutable, run, type Log } from './commands';

const installTimeoutMs = 10 * 60_000;

/** In this order: CHROMIUM_PATH, `chromium` on PATH, Debian's package when we are root. */
export async function ensureChromium({ log }: { log: Log }): Promise<string> {
  const given = process.env.CHROMIUM_PATH;
  if (given && !isExecutable(given)) throw new Error(`CHROMIUM_PATH is ${given}, which is not an executable file.`);
  const found = given || findOnPath('chromium');
  if (found) return found;
  const apt = findOnPath('apt-get');
  if (apt && process.getuid?.() === 0) {
    log('installing chromium with apt-get');
    const options = { timeoutMs: installTimeoutMs, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
    await run(apt, ['update', '-q'], options);
    await run(apt, ['install', '-q', '-y', '--no-install-recommends', 'chromium'], options);
  }
  const installed = findOnPath('chromium');
  if (installed) return installed;
  throw new Error('The browser tests need Chromium: install it, or set CHROMIUM_PATH to its executable.');
}
