/**
 * Takes a picture of every page, window and state of the console, at both sizes and in both themes, of a Ballast that it
 * starts for this: `npm run console:screenshots -- <folder> [--names overview,pay] [--width 390] [--theme dark]`
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { BrowserContext, Page } from 'playwright-core';
import { ensureChromium } from '../../dev/chromium';
import { startPostgres } from '../../dev/postgres';
import { startTemporal } from '../../dev/temporal';
import { startConsole, type ConsoleHarness } from '../support/browser';
import { openShownAccounts, type ShownAccounts } from './accounts';
import { PICTURES, type Picture, type Visitor } from './pictures';

const SIZES = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
] as const;
const THEMES = ['light', 'dark'] as const;
/** What fails is tried again twice: their pauses are skipped. */
const PAUSES_MS = 5_000;

const log = (line: string) => void process.stdout.write(`${line}\n`);

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { names: { type: 'string' }, width: { type: 'string' }, theme: { type: 'string' } },
  });
  const [folder] = positionals;
  if (folder === undefined) throw new Error('Say a folder for the pictures.');
  const names = values.names?.split(',');
  const pictures = PICTURES.filter(({ name }) => !names || names.includes(name));
  if (pictures.length === 0) throw new Error(`There is no picture of ${values.names}.`);
  mkdirSync(folder, { recursive: true });
  await withConsole(async (harness, accounts) => {
    for (const viewport of SIZES.filter(({ width }) => (values.width ?? String(width)) === String(width)))
      for (const colorScheme of THEMES.filter((theme) => (values.theme ?? theme) === theme)) {
        const suffix = `${viewport.width}-${colorScheme}.png`;
        for (const as of new Set(pictures.map((picture) => picture.as))) {
          const isMobile = viewport.width < 500;
          const { context, page } = await harness.visit({
            viewport,
            colorScheme,
            isMobile,
            key: keyOf(harness, accounts, as),
          });
          // It would hold the stream for all.
          await page.close();
          for (const picture of pictures.filter((one) => one.as === as)) {
            const file = join(folder, `${picture.name}-${suffix}`);
            await take(context, harness.api.url, picture, file);
            log(file);
          }
          await context.close();
        }
      }
  });
}

function keyOf({ api }: ConsoleHarness, accounts: ShownAccounts, as: Visitor): string {
  if (as === 'admin') return api.admin;
  return as === 'modifier' || as === 'member' ? accounts.thriving[as] : accounts[as].owner;
}

/** Until nothing says that it is loading any more. */
async function settle(page: Page): Promise<void> {
  await page.getByRole('heading', { level: 1 }).waitFor();
  const loading = page.getByText('Loading', { exact: true });
  while ((await loading.count()) > 0) await loading.first().waitFor({ state: 'detached' });
}

async function take(context: BrowserContext, url: string, picture: Picture, file: string): Promise<void> {
  const { name, path, before, open } = picture;
  const page = await context.newPage();
  await before?.(page);
  if (name.endsWith('-failed')) await page.clock.install();
  await page.goto(url + path);
  if (name.endsWith('-loading'))
    await page.getByText('Loading', { exact: true }).first().waitFor({ state: 'attached' });
  else {
    if (name.endsWith('-failed')) {
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.clock.runFor(PAUSES_MS);
    }
    await settle(page);
    await open?.(page);
    await settle(page);
  }
  // A window covers what is on the screen; a page is seen to its end, its navigation beside it.
  if ((await page.getByRole('dialog').count()) === 0) await stretchTo(page);
  await page.screenshot({ path: file, animations: 'disabled' });
  await page.context().setOffline(false);
  await page.unrouteAll({ behavior: 'ignoreErrors' });
  await page.close();
}

async function stretchTo(page: Page): Promise<void> {
  const { width, height } = page.viewportSize()!;
  const whole = await page.evaluate<number>('document.documentElement.scrollHeight');
  await page.setViewportSize({ width, height: Math.max(height, whole) });
}

async function withConsole(work: (harness: ConsoleHarness, accounts: ShownAccounts) => Promise<void>): Promise<void> {
  const executable = await ensureChromium({ log });
  const dataDir = mkdtempSync(join(tmpdir(), 'ballast-pictures-'));
  const postgres = await startPostgres({ dataDir, durable: false, log });
  const temporal = await startTemporal({ dataDir: null, namespace: 'default', log });
  process.env.TEST_PG_URL = postgres.adminUrl;
  process.env.TEST_TEMPORAL_ADDRESS = temporal.address;
  const harness = await startConsole(executable, {
    policy: { retryDelaysMs: [0, 0] },
    limitRequests: true,
    filesDir: join(dataDir, 'files'),
  });
  try {
    await work(harness, await openShownAccounts(harness));
  } finally {
    await harness.close();
    await temporal.stop();
    await postgres.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

main().then(
  () => process.exit(0),
  (error: Error) => {
    log(error.stack ?? error.message);
    process.exit(1);
  },
);
