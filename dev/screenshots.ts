/**
 * Takes a picture of each page of the console, at both sizes and in both themes, of a Ballast that runs.
 * `npm run console:screenshots -- <folder> [--url http://127.0.0.1:3000] --owner KEY --admin KEY`
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium, type Browser, type Page } from 'playwright-core';
import { ensureChromium } from './chromium';

type Picture = {
  name: string;
  path: string;
  /** What is done before the picture is taken. */
  open?: (page: Page) => Promise<void>;
};
const PAGES: Record<'owner' | 'admin', readonly Picture[]> = {
  owner: [
    { name: 'overview', path: '/overview' },
    { name: 'auto-reload', path: '/overview?window=auto-reload' },
    { name: 'pay', path: '/pay' },
    { name: 'payments', path: '/payments' },
    { name: 'transactions', path: '/transactions?kind=reload' },
    { name: 'events', path: '/transactions', open: openButton(/^Events of/) },
    { name: 'usage', path: '/usage' },
    { name: 'team', path: '/team' },
    { name: 'webhooks', path: '/webhooks' },
    { name: 'add-webhook', path: '/webhooks', open: openButton('Add an endpoint') },
    { name: 'limits', path: '/limits' },
    { name: 'ask-limit', path: '/limits', open: openButton(/^Ask for more/) },
    { name: 'models', path: '/models' },
    { name: 'no-such-page', path: '/no-such-page' },
  ],
  admin: [
    { name: 'accounts', path: '/accounts' },
    { name: 'account', path: '/accounts/demo' },
    { name: 'adjust', path: '/accounts/demo', open: openButton('Adjust the balance') },
    { name: 'account-team', path: '/accounts/demo/team' },
    { name: 'close', path: '/accounts/demo', open: openButton('Close the account') },
    { name: 'limit-requests', path: '/limit-requests' },
    { name: 'rejected-usage', path: '/rejected-usage' },
    { name: 'reconcile', path: '/reconcile' },
    { name: 'price', path: '/models', open: openButton(/^New price/) },
    { name: 'system', path: '/system' },
    { name: 'no-such-account', path: '/accounts/nobody' },
  ],
};
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

function openButton(name: string | RegExp) {
  return async (page: Page): Promise<void> => {
    await page.getByRole('button', { name }).first().click();
    await page.getByRole('dialog').waitFor();
  };
}

/** Until nothing says that it is loading any more. */
async function settle(page: Page): Promise<void> {
  await page.getByRole('heading', { level: 1 }).waitFor();
  const loading = page.getByText('Loading', { exact: true });
  while ((await loading.count()) > 0) await loading.first().waitFor({ state: 'detached' });
}

type Wish = { url: string; key: string; pages: readonly Picture[]; folder: string };

async function takeAll(browser: Browser, { url, key, pages, folder }: Wish): Promise<void> {
  for (const colorScheme of THEMES)
    for (const viewport of SIZES) {
      const context = await browser.newContext({ viewport, colorScheme });
      const answer = await context.request.post(`${url}/v1/session`, { data: { key } });
      if (!answer.ok()) throw new Error(`This key does not sign in at ${url}: ${await answer.text()}`);
      const page = await context.newPage();
      for (const { name, path, open } of pages) {
        await page.goto(url + path);
        await settle(page);
        await open?.(page);
        await settle(page);
        const file = join(folder, `${name}-${viewport.width}-${colorScheme}.png`);
        // A window covers what is on the screen, and a page is longer than that.
        const isWindow = (await page.getByRole('dialog').count()) > 0;
        await page.screenshot({ path: file, fullPage: !isWindow });
        console.log(file);
      }
      await context.close();
    }
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
