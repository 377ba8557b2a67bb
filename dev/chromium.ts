/** Finds Chromium for the browser tests, or installs Debian's. */
import { findOnPath, isExecutable, run, type Log } from './commands';

/** The first is Chromium without what only a window needs: the same pages take it a quarter less of the processor. */
const COMMANDS = ['chromium-headless-shell', 'chromium'] as const;
const INSTALL_MS_MAX = 10 * 60_000;
/** Test files in several processes may want it at once: the later one waits for the first. */
const INSTALL = [
  'install',
  '-q',
  '-y',
  '--no-install-recommends',
  '-o',
  `DPkg::Lock::Timeout=${INSTALL_MS_MAX / 1_000}`,
];
/** Where a Chromium is there already, a slow network is not worth waiting for. */
const BETTER_ONE_MS_MAX = 90_000;

const findChromium = (): string | undefined => COMMANDS.map(findOnPath).find(Boolean);

/** In this order: CHROMIUM_PATH, one of the commands on PATH, Debian's package when we are root. */
export async function ensureChromium({ log }: { log: Log }): Promise<string> {
  const given = process.env.CHROMIUM_PATH;
  if (given && !isExecutable(given)) throw new Error(`CHROMIUM_PATH is ${given}, which is not an executable file.`);
  if (given) return given;
  if (!findOnPath(COMMANDS[0])) await install(log, findChromium() ? BETTER_ONE_MS_MAX : INSTALL_MS_MAX);
  const found = findChromium();
  if (found) return found;
  throw new Error('The browser tests need Chromium: install it, or set CHROMIUM_PATH to its executable.');
}

/** The shell's package, or that of the whole Chromium where there is no other. */
async function install(log: Log, timeoutMs: number): Promise<void> {
  const apt = findOnPath('apt-get');
  if (!apt || process.getuid?.() !== 0) return;
  const options = { timeoutMs, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  const [shell, whole] = COMMANDS;
  log(`installing ${shell} with apt-get`);
  const installOne = (name: string) => run(apt, [...INSTALL, name], options);
  await run(apt, ['update', '-q'], options);
  await installOne(shell);
  if (!findChromium()) await installOne(whole);
}
