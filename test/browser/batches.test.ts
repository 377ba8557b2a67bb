/** Batches in the console: a file that is refused or taken, what it costs, a job that moves by itself, its files. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { openAccount, type TestAccount } from '../support/api';
import { putBatchModels, requestLine } from '../support/batchFiles';
import {
  expectAccessible,
  expectNoSidewaysScroll,
  loseAnswer,
  testsInBrowser,
  type ConsoleHarness,
} from '../support/browser';
import { times } from '../support/times';

const filesDir = mkdtempSync(join(tmpdir(), 'ballast-console-'));
let account: TestAccount;
const inBrowser = testsInBrowser(
  async ({ api }) => {
    await putBatchModels(api);
    account = await openAccount(api, '25.00');
  },
  { filesDir },
);
afterAll(() => rmSync(filesDir, { recursive: true, force: true }));

const choose = (page: Page, lines: readonly string[], name = 'questions.jsonl') =>
  page
    .getByRole('dialog')
    .getByLabel(/Requests, as JSON lines|Choose another file/)
    .setInputFiles({ name, mimeType: 'application/jsonl', buffer: Buffer.from(lines.join('\n')) });

/** What an executor does: takes requests of the only job, and answers each with so many tokens, or an error. */
async function execute({ api }: ConsoleHarness, limit: number, outcome: 'done' | 'broken' = 'done'): Promise<void> {
  const { body: work } = await api.ask('GET', '/v1/batches/claimable', { key: api.service });
  const id: string = work.data[0].id;
  const { body: claimed } = await api.ask('POST', `/v1/batches/${id}/claims`, {
    key: api.service,
    body: { limit, leaseSeconds: 60 },
  });
  const results = claimed.data.map(({ custom_id }: { custom_id: string }) => ({
    custom_id,
    ...(outcome === 'done'
      ? {
          response: {
            status_code: 200,
            request_id: 'req',
            body: { usage: { prompt_tokens: 10, completion_tokens: 10 } },
          },
        }
      : { error: { code: 'broken', message: 'It broke.' } }),
  }));
  expect(results).toHaveLength(limit);
  const { body } = await api.ask('POST', `/v1/batches/${id}/results`, { key: api.service, body: { results } });
  expect(body.accepted).toBe(limit);
}

/** The parts of a name that go over the end of a line. */
const brokenWords = (cell: Locator): Promise<string[]> =>
  cell.evaluate((element: { ownerDocument: unknown }) => {
    const page = element.ownerDocument as any;
    const walker = page.createTreeWalker(element, 4);
    const broken: string[] = [];
    while (walker.nextNode()) {
      const range = page.createRange();
      range.selectNodeContents(walker.currentNode);
      if (range.getClientRects().length > 1) broken.push(walker.currentNode.data);
    }
    return broken;
  });

inBrowser('L2 a refused file is explained line by line, and nothing of it is kept', async ({ visit, api }) => {
  const { page } = await visit({ key: account.member, path: '/batches' });
  await page.getByText('No batches yet').waitFor();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'New batch' }).press('Enter');
  await page.getByText('At most 50,000 requests and 200 MB, all for one model').waitFor();
  await expectAccessible(page);
  await choose(page, [requestLine('q1'), 'no request', requestLine('q1'), requestLine('q2', { model: 'gpt-slow' })]);
  const faults = page.getByRole('table', { name: 'What is wrong, by line' });
  await faults
    .getByRole('row')
    .filter({ hasText: 'Not a request' })
    .getByRole('cell', { name: '2', exact: true })
    .waitFor();
  await faults.getByRole('row').filter({ hasText: 'custom_id is used twice' }).waitFor();
  await faults.getByRole('row').filter({ hasText: 'Another model than the lines before' }).waitFor();
  await expectAccessible(page);
  await page.setViewportSize({ width: 390, height: 844 });
  await expectNoSidewaysScroll(page);
  const { body } = await api.ask('GET', '/v1/files', { key: account.member });
  expect(body.data).toEqual([]);
  // Another file can be chosen at once.
  await choose(page, [requestLine('q1', { max_tokens: 10_000_000 })], 'dear.jsonl');
  await page.getByText(/It does not fit now: \$25\.00 is available/).waitFor();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Create batch' }).press('Enter');
  await page
    .getByRole('alert')
    .getByText(/something must stay available; \$25\.00 is/)
    .waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
});

inBrowser('L2 an upload tells how far it is, and is stopped without a trace', async ({ visit, api }) => {
  const { page, context } = await visit({ key: account.owner, path: '/batches?window=new' });
  const network = await context.newCDPSession(page);
  const slow = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 100_000 };
  await network.send('Network.emulateNetworkConditions', slow);
  await choose(
    page,
    times(4_000, (nth) => requestLine(`slow-${nth}`)),
    'slow.jsonl',
  );
  await page.getByText(/^[1-9][\d.]* KB of [\d.]+ KB sent$/).waitFor();
  await page.getByRole('progressbar', { name: 'Uploading slow.jsonl' }).waitFor();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Stop' }).press('Enter');
  await page.getByLabel('Choose another file').waitFor();
  expect(await page.getByRole('alert').count()).toBe(0);
  const { body } = await api.ask('GET', '/v1/files', { key: account.owner });
  expect(JSON.stringify(body)).not.toContain('slow.jsonl');
});

inBrowser(
  'L3 a batch says what it takes, is created once, moves by itself, and its results are saved',
  async (browser) => {
    const { visit, api } = browser;
    const { page } = await visit({ key: account.owner, path: '/batches' });
    await page.getByRole('button', { name: 'New batch' }).click();
    await choose(
      page,
      times(3, (nth) => requestLine(`q${nth}`)),
    );
    const dialog = page.getByRole('dialog');
    await dialog.getByText('It fits').waitFor();
    await dialog.getByText('gpt-batch').waitFor();
    await expectAccessible(page);
    await dialog.getByRole('button', { name: 'Create batch' }).dblclick();
    await dialog.waitFor({ state: 'detached' });
    const jobs = page.getByRole('table', { name: 'Jobs' });
    await jobs.getByText('Running').waitFor();
    expect(await jobs.getByRole('row').count()).toBe(2);
    await jobs.getByText('0 of 3').waitFor();
    await expectAccessible(page);

    // The input of a job that runs stays.
    await page.getByRole('button', { name: /^Remove: questions\.jsonl/ }).press('Enter');
    await dialog.getByRole('button', { name: 'Remove', exact: true }).press('Enter');
    await dialog
      .getByRole('alert')
      .getByText(/reads this file/)
      .waitFor();
    await page.keyboard.press('Escape');

    await execute(browser, 2);
    await jobs.getByText('2 of 3').waitFor();
    await execute(browser, 1, 'broken');
    await jobs.getByText('3 of 3, 1 failed').waitFor();
    await jobs.getByText('Completed').waitFor();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      jobs.getByRole('link', { name: /^Output: batch_/ }).click(),
    ]);
    const lines = readFileSync(await download.path(), 'utf8')
      .trim()
      .split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { custom_id: string }).custom_id)).toEqual(['q0', 'q1']);
    await jobs.getByRole('link', { name: /^Errors: batch_/ }).waitFor();
    // The results are among the files, without the page being loaded again.
    const files = page.getByRole('table', { name: 'Files' });
    await files.getByText('Result').first().waitFor();
    await expectAccessible(page);
    await page.setViewportSize({ width: 390, height: 844 });
    await expectNoSidewaysScroll(page);
    expect(await brokenWords(files.getByRole('cell').filter({ hasText: 'output.jsonl' }).first())).toEqual([]);
    const { body } = await api.ask('GET', '/v1/batches', { key: account.owner });
    expect(body.data).toHaveLength(1);
  },
);

inBrowser(
  'L4 a batch is run from a file that is here, cancelled with the keyboard, and the file removed',
  async ({ visit }) => {
    const { page } = await visit({
      key: account.modifier,
      path: '/batches',
      viewport: { width: 390, height: 844 },
      colorScheme: 'dark',
    });
    const dialog = page.getByRole('dialog');
    await page.getByRole('button', { name: /^Run as a batch: questions\.jsonl/ }).press('Enter');
    await dialog.getByRole('button', { name: 'Create batch' }).press('Enter');
    await dialog.waitFor({ state: 'detached' });
    const jobs = page.getByRole('table', { name: 'Jobs' });
    await jobs.getByRole('button', { name: /^Cancel: batch_/ }).press('Enter');
    await dialog.getByText('3 requests are not done yet').waitFor();
    await expectAccessible(page);
    await dialog.getByRole('button', { name: 'Cancel the batch' }).press('Enter');
    await dialog.waitFor({ state: 'detached' });
    await jobs.getByText('Canceled').waitFor();
    await expectNoSidewaysScroll(page);
    await page.getByRole('button', { name: /^Remove: questions\.jsonl/ }).press('Enter');
    await dialog.getByRole('button', { name: 'Remove', exact: true }).press('Enter');
    await page.getByRole('button', { name: /^Remove: questions\.jsonl/ }).waitFor({ state: 'detached' });
    await expectAccessible(page);
  },
);

inBrowser('L3 a batch whose answer hangs is the same batch after a reload of the page', async ({ visit, api }) => {
  const { page } = await visit({ key: account.owner, path: '/batches' });
  const dialog = page.getByRole('dialog');
  await page.getByRole('button', { name: 'New batch' }).click();
  await choose(page, [requestLine('once')], 'once.jsonl');
  await dialog.getByText('It fits').waitFor();
  const lost = await loseAnswer(page, '**/v1/batches', 'hang');
  const before = (await api.ask('GET', '/v1/batches', { key: account.owner })).body.data.length;
  await dialog.getByRole('button', { name: 'Create batch' }).press('Enter');
  await lost.done;
  await page.reload();
  await page.goto(page.url().replace(/\?.*$/, ''));
  await page.getByRole('button', { name: /^Run as a batch: once\.jsonl/ }).press('Enter');
  await dialog.getByText('no answer has come').waitFor();
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Create batch' }).press('Enter');
  await page.getByText('The batch is created.').waitFor();
  const { body } = await api.ask('GET', '/v1/batches', { key: account.owner });
  expect(body.data).toHaveLength(before + 1);
});

inBrowser('a page that can’t be reached says so, and is there again with the connection', async ({ visit }) => {
  const { page, context, complaints } = await visit({ key: account.owner });
  await page.getByTestId('balance').waitFor();
  await page.evaluate('globalThis.isSameDocument = true');
  await context.setOffline(true);
  await page.getByRole('link', { name: 'Batches', exact: true }).click();
  await page.getByText('Ballast can’t be reached').first().waitFor();
  await expectAccessible(page);
  // The browser writes a line about each file that it can't reach.
  complaints.splice(0);
  await context.setOffline(false);
  await page.getByRole('table', { name: 'Jobs' }).waitFor();
  // Nothing was loaded anew, and it came with its styles.
  expect(await page.evaluate('globalThis.isSameDocument')).toBe(true);
  expect(await page.evaluate('Array.from(document.styleSheets).length')).toBe(
    await page.locator('link[rel=stylesheet]').count(),
  );
});

inBrowser('an admin is not led to the batches of an account', async ({ visit, api }) => {
  const { page } = await visit({ key: api.admin, path: '/batches' });
  await page.getByText('This page is not for your role').waitFor();
  await expectAccessible(page);
});

inBrowser('nothing in these pages breaks a rule of the browser’s', ({ expectNoComplaints }) => {
  expectNoComplaints();
  return Promise.resolve();
});
