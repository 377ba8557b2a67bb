/**
 * Figures 20 and 21, in a real Chromium: what the console's first page weighs, how soon it can be used with the CPU slowed
 * four times, how much it jumps; and how soon a change of the balance is on the screen.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { Pool } from 'pg';
import { chromium, type Browser, type BrowserContext, type Page, type Response } from 'playwright-core';
import { ensureChromium } from '../dev/chromium';
import { openPool } from '../ledger/db';
import type { MeasuredBallast } from './ballast';
import { openOwner } from './owners';
import { quantile, summarize, type Figure } from './results';

const KIB = 1_024;
const SLOWED = 4;
const COMMITS_PER_RUN = 100;
/** Commits come at any time between two looks of the API. */
const PAUSE_MS_MAX = 250;
const BALANCE = '[data-testid="balance"]';

/**
 * Runs in the page before its own scripts: notes when each text of the balance was first on the screen, on the page's
 * clock and on the machine's, and how far things have moved without a person's doing.
 */
const NOTES = `
  window.noted = { balances: {}, shift: 0 };
  const note = () => {
    const text = document.querySelector('${BALANCE}')?.textContent;
    if (text && !(text in noted.balances))
      requestAnimationFrame(() => setTimeout(() => (noted.balances[text] ??= { page: performance.now(), machine: Date.now() })));
  };
  new MutationObserver(note).observe(document, { subtree: true, childList: true, characterData: true });
  new PerformanceObserver((list) => {
    for (const { hadRecentInput, value } of list.getEntries()) if (!hadRecentInput) noted.shift += value;
  }).observe({ type: 'layout-shift', buffered: true });
`;
type Noted = { balances: Record<string, { page: number; machine: number }>; shift: number };
const readNotes = (page: Page): Promise<Noted> => page.evaluate('noted');

export async function consolePages(ballast: MeasuredBallast, runs: number): Promise<Figure[]> {
  const browser = await chromium.launch({
    executablePath: await ensureChromium({ log: console.log }),
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
  const pool = openPool(ballast.databaseUrl, { applicationName: 'bench' });
  try {
    const owner = await openVisitor(ballast, pool);
    return [...(await firstPage(browser, owner, runs)), await commitToScreen(browser, owner, pool, runs)];
  } finally {
    await pool.end();
    await browser.close();
  }
}

type Visitor = { url: string; id: string; key: string };

async function openVisitor(ballast: MeasuredBallast, pool: Pool): Promise<Visitor> {
  const { id, key, api } = await openOwner(ballast, `console-${randomUUID()}`);
  await move(pool, id, 1_000_000_000_000n);
  await api.get(`/v1/accounts/${id}`);
  return { url: ballast.url, id, key };
}

const move = (pool: Pool, id: string, nano: bigint): Promise<unknown> =>
  pool.query(`select post_line($1, 'adjustment', 'adjustments', $2, $3, 'bench', 'bench')`, [
    id,
    nano,
    `bench/${randomUUID()}`,
  ]);

/** A new visitor each time: nothing is cached. */
async function visit(browser: Browser, { url, key }: Visitor): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const answer = await context.request.post(`${url}/v1/session`, { data: { key } });
  if (!answer.ok()) throw new Error(`The owner was not signed in: ${answer.status()}.`);
  await context.addInitScript({ content: NOTES });
  return context;
}

type Opened = { bytes: number; balanceMs: number; shift: number };

async function open(browser: Browser, owner: Visitor, slowed: number): Promise<Opened> {
  const context = await visit(browser, owner);
  const page = await context.newPage();
  const files: Promise<number>[] = [];
  page.on('response', (response) => {
    if (!new URL(response.url()).pathname.startsWith('/v1/')) files.push(weigh(response));
  });
  const cdp = await context.newCDPSession(page);
  await cdp.send('Emulation.setCPUThrottlingRate', { rate: slowed });
  await page.goto(`${owner.url}/overview`);
  await page.locator(BALANCE).waitFor();
  await page.getByText('No usage in these 14 days').waitFor();
  const notes = await readNotes(page);
  const bytes = (await Promise.all(files)).reduce((sum, one) => sum + one, 0);
  await context.close();
  return { bytes, shift: notes.shift, balanceMs: Math.min(...Object.values(notes.balances).map((seen) => seen.page)) };
}

/** As it goes over a wire that compresses; a font is compressed already. */
async function weigh(response: Response): Promise<number> {
  const body = await response.body();
  return response.url().endsWith('.woff2') ? body.length : gzipSync(body).length;
}

async function firstPage(browser: Browser, owner: Visitor, runs: number): Promise<Figure[]> {
  await open(browser, owner, 1); // the browser's own first page does not count
  const [plain, slow]: [Opened[], Opened[]] = [[], []];
  for (let run = 0; run < runs; run++) {
    plain.push(await open(browser, owner, 1));
    slow.push(await open(browser, owner, SLOWED));
  }
  const of = (opened: Opened[], part: keyof Opened): number[] => opened.map((one) => one[part]);
  return [
    summarize(20, 'console: all files of the first page, gzipped, with its font', 'KB', [
      ...of(plain, 'bytes').map((bytes) => bytes / KIB),
    ]),
    summarize(
      '20slowed',
      `console: balance on the screen and the page free, CPU slowed ${SLOWED}×`,
      'ms',
      of(slow, 'balanceMs'),
    ),
    summarize('20balance', 'console: balance on the screen', 'ms', of(plain, 'balanceMs')),
    summarize('20shift', 'console: layout shift of the first page', 'score', [
      ...of(plain, 'shift'),
      ...of(slow, 'shift'),
    ]),
  ];
}

/** Each commit is made on a connection of ours, of which the API hears nothing but what it reads. */
async function commitToScreen(browser: Browser, owner: Visitor, pool: Pool, runs: number): Promise<Figure> {
  const context = await visit(browser, owner);
  const page = await context.newPage();
  await page.goto(`${owner.url}/overview`);
  await page.locator(BALANCE).waitFor();
  const p99s: number[] = [];
  let cents = 100_000n;
  for (let run = 0; run < runs; run++) {
    const taken: number[] = [];
    for (let commit = 0; commit < COMMITS_PER_RUN; commit++) {
      await sleep(Math.random() * PAUSE_MS_MAX);
      cents += 1n;
      const shown = `$${(cents / 100n).toLocaleString('en-US')}.${String(cents % 100n).padStart(2, '0')}`;
      const committedMs = Date.now();
      await move(pool, owner.id, 10_000_000n);
      await page.locator(BALANCE).getByText(shown, { exact: true }).waitFor();
      taken.push((await seenAt(page, shown)) - committedMs);
    }
    p99s.push(
      quantile(
        taken.sort((a, b) => a - b),
        0.99,
      ),
    );
  }
  await context.close();
  return summarize(21, `commit of another process → on an owner's screen, p99 of ${COMMITS_PER_RUN}`, 'ms', p99s);
}

/** The balance and its badge are one text: it begins with the amount. */
async function seenAt(page: Page, shown: string): Promise<number> {
  for (;;) {
    const { balances } = await readNotes(page);
    const seen = Object.entries(balances).find(([text]) => text.startsWith(shown));
    if (seen) return seen[1].machine;
    await sleep(5);
  }
}
