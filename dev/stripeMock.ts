/** Stripe's own mock server, for contract tests: it checks each request against Stripe's API description. */
import { spawn } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { cacheDir, installOnce } from './cache';
import { isExecutable, type Log } from './commands';
import { goInstall } from './goInstall';

const goModule = 'github.com/stripe/stripe-mock@v0.203.0';
const goTimeoutMs = 10 * 60_000;
const startTimeoutMs = 20_000;

/** The path of an executable stripe-mock. In this order: STRIPE_MOCK_PATH, the cache, a build by Go. */
export async function ensureStripeMock({ log }: { log: Log }): Promise<string> {
  const given = process.env.STRIPE_MOCK_PATH;
  if (given && !isExecutable(given)) throw new Error(`STRIPE_MOCK_PATH is ${given}, which is not an executable file.`);
  const target = join(cacheDir(), `stripe-mock-${goModule.split('@')[1]!}`);
  const path = join(target, 'stripe-mock');
  if (given || isExecutable(path)) return given || path;
  log(`getting Stripe's mock server: go install ${goModule} (takes about half a minute)`);
  await installOnce(target, async (folder) => {
    const built = join(folder, 'stripe-mock');
    if (!(await goInstall(goModule, built, { timeoutMs: goTimeoutMs, log }))) {
      throw new Error(
        `The contract tests need Stripe's mock server: install Go (go on PATH; ${goModule} is built once), or set STRIPE_MOCK_PATH to a stripe-mock.`,
      );
    }
    chmodSync(built, 0o755);
  });
  return path;
}

export type StripeMock = { url: string; stop(): Promise<void> };

export async function startStripeMock(options: { log: Log }): Promise<StripeMock> {
  // It always opens its HTTPS port too.
  const child = spawn(await ensureStripeMock(options), ['-http-addr', '127.0.0.1:0', '-https-addr', '127.0.0.1:0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const stopped = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill();
    await stopped;
  };
  const timer = setTimeout(() => child.kill(), startTimeoutMs);
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const address = /Listening for HTTP at address: (\S+)/.exec(line)?.[1];
      if (address !== undefined) return { url: `http://${address}`, stop };
    }
    throw new Error('stripe-mock did not start.');
  } finally {
    clearTimeout(timer);
    child.stdout.resume();
  }
}
