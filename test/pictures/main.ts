/**
 * Takes a picture of every page, window and state of the console, at both sizes and in both themes, of a Ballast that it
 * starts for this: `npm run console:screenshots -- <folder> [--names overview,pay] [--width 390] [--theme dark]`; with
 * `--docs` those few that docs/console.md shows, as small files.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { BrowserContext, Page } from 'playwright-core';
import { ensureChromium } from '../../dev/chromium';
import { startPostgres } from '../../dev/postgres';
import { startTemporal } from '../../dev/temporal';
import { startConsole, type ConsoleHarness } from '../support/browser';
import { openShownAccounts, type ShownAccounts } from './accounts';
import { IN_DOCS, PICTURES, type Picture, type Visitor } from './pictures';

const SIZES = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
] as const;
const THEMES = ['light', 'dark'] as const;
/** What fails is tried again twice: their pauses are skipped. */
const PAUSES_MS = 5_000;
const WEBP_QUALITY = 0.8;

const log = (line: string) => void process.stdout.write(`${line}\n`);

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      names: { type: 'string' },
      width: { type: 'string' },
      theme: { type: 'string' },
      docs: { type: 'boolean', default: false },
    },
  });
  const [folder] = positionals;
  if (folder === undefined) throw new Error('Say a folder for the pictures.');
  const names = values.names?.split(',');
  const named = PICTURES.filter(({ name }) => !names || names.includes(name));
  if (named.length === 0) throw new Error(`There is no picture of ${values.names}.`);
  mkdirSync(folder, { recursive: true });
  await withConsole(async (harness, accounts) => {
    for (const viewport of SIZES.filter(({ width }) => (values.width ?? String(width)) === String(width)))
      for (const colorScheme of THEMES.filter((theme) => (values.theme ?? theme) === theme)) {
        const suffix = `${viewport.width}-${colorScheme}`;
        const pictures = named.filter(({ name }) => !values.docs || IN_DOCS.includes(`${name}-${suffix}`));
        for (const as of new Set(pictures.map((picture) => picture.as))) {
          const isMobile = viewport.width < 500;
          const { context, page } = await harness.visit({
            viewport,
            colorScheme,
            isMobile,
            reducedMotion: 'reduce',
            key: keyOf(harness, accounts, as),
          });
          // It would hold the stream for all.
          await page.close();
          for (const picture of pictures.filter((one) => one.as === as)) {
            const shown = await show(context, harness.api.url, picture);
            log(await (values.docs ? saveSmall : saveWhole)(shown, join(folder, `${picture.name}-${suffix}`)));
            await shown.unrouteAll({ behavior: 'ignoreErrors' });
            await shown.close();
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

async function show(context: BrowserContext, url: string, picture: Picture): Promise<Page> {
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
  return page;
}

/** A window covers what is on the screen; a page is seen to its end, its navigation beside it. */
async function saveWhole(page: Page, name: string): Promise<string> {
  if ((await page.getByRole('dialog').count()) === 0) {
    const { width, height } = page.viewportSize()!;
    const whole = await page.evaluate<number>('document.documentElement.scrollHeight');
    await page.setViewportSize({ width, height: Math.max(height, whole) });
  }
  await page.screenshot({ path: `${name}.png`, animations: 'disabled' });
  return `${name}.png`;
}

/** What is on the screen, as a WebP that Chromium makes of it: a quarter of the PNG. */
async function saveSmall(page: Page, name: string): Promise<string> {
  const png = await page.screenshot({ animations: 'disabled' });
  const painter = await page.context().newPage();
  const webp = await painter.evaluate<string>(`(async () => {
    const image = new Image();
    image.src = 'data:image/png;base64,${png.toString('base64')}';
    await image.decode();
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [image.width, image.height];
    canvas.getContext('2d').drawImage(image, 0, 0);
    return canvas.toDataURL('image/webp', ${WEBP_QUALITY}).split(',')[1];
  })()`);
  await painter.close();
  writeFileSync(`${name}.webp`, Buffer.from(webp, 'base64'));
  return `${name}.webp`;
}

async function withConsole(work: (harness: ConsoleHarness, accounts: ShownAccounts) => Promise<void>): Promise<void> {
  const executable = await ensureChromium({ log });
  const dataDir = mkdtempSync(join(tmpdir(), 'ballast-pictures-'));
  const postgres = await startPostgres({ dataDir, durable: false, log });
  const temporal = await startTemporal({ dataDir: null, namespace: 'default', log });
  process.env.TEST_PG_URL = postgres.adminUrl;
  process.env.TEST_TEMPORAL_ADDRESS = temporal.address;
  const filesDir = join(dataDir, 'files');
  const harness = await startConsole(executable, { policy: { retryDelaysMs: [0, 0] }, limitRequests: true, filesDir });
  try {
    await work(harness, await openShownAccounts(harness, filesDir));
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
