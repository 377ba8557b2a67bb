/**
 * Takes a picture of each page of the console, at both sizes and in both themes, of a Ballast that runs.
 * `npm run console:screenshots -- <folder> [--url http://127.0.0.1:3000] --owner KEY --admin KEY`
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium, type Browser } from 'playwright-core';
import { ensureChromium } from './chromium';

const PAGES = {
  owner: ['overview', 'pay', 'payments', 'transactions', 'usage', 'team', 'webhooks'],
  admin: ['accounts', 'accounts/demo', 'accounts/demo/team'],
} as const;
const SIZES = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
];
const THEMES = ['light', 'dark'] as const;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      url: { type: 'string', default: 'http://127.0.0.1:3000' },
      owner: { type: 'string' },
      admin: { type: 'string' },
    },
  });
  const [folder] = positionals;
  if (folder === undefined || (values.owner ?? values.admin) === undefined)
    throw new Error('Say a folder, and the key of an owner, of an admin, or of both: --owner KEY --admin KEY.');
  mkdirSync(folder, { recursive: true });
  const browser = await chromium.launch({
    executablePath: await ensureChromium({ log: console.log }),
    args: ['--no-sandbox', '--disable-gpu'],
  });
  try {
    for (const role of ['owner', 'admin'] as const) {
      const key = values[role];
      if (key !== undefined) await takeAll(browser, { url: values.url, key, pages: PAGES[role], folder });
    }
  } finally {
    await browser.close();
  }
}

type Wish = { url: string; key: string; pages: readonly string[]; folder: string };

async function takeAll(browser: Browser, { url, key, pages, folder }: Wish): Promise<void> {
  for (const colorScheme of THEMES)
    for (const viewport of SIZES) {
      const context = await browser.newContext({ viewport, colorScheme });
      const answer = await context.request.post(`${url}/v1/session`, { data: { key } });
      if (!answer.ok()) throw new Error(`This key does not sign in at ${url}: ${await answer.text()}`);
      const page = await context.newPage();
      for (const name of pages) {
        await page.goto(`${url}/${name}`);
        await page.getByRole('heading', { level: 1 }).waitFor();
        await page.waitForLoadState('load');
        const file = join(folder, `${name.replaceAll('/', '-')}-${viewport.width}-${colorScheme}.png`);
        await page.screenshot({ path: file, fullPage: true });
        console.log(file);
      }
      await context.close();
    }
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
