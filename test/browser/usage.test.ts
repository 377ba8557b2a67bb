/** What an owner has spent and on what: transactions with filters and the events behind them, usage by day and model. */
import { openAccount, putModel, report, type TestAccount } from '../support/api';
import {
  expectAccessible,
  expectNoSidewaysScroll,
  findChromium,
  startConsole,
  type ConsoleHarness,
} from '../support/browser';

const MODELS = ['chat-a', 'chat-b', 'chat-c', 'chat-d', 'chat-e', 'chat-f'];

let harness: ConsoleHarness | null = null;
let account: TestAccount;
beforeAll(async () => {
  const path = await findChromium();
  if (path === null) return;
  harness = await startConsole(path);
  const { api } = harness;
  account = await openAccount(api, '25.00');
  for (const [at, id] of MODELS.entries()) {
    await putModel(api, id);
    await report(api, [
      { id: `event-${id}`, accountId: account.id, model: id, inputTokens: 100_000 * (at + 1), outputTokens: 10 },
    ]);
  }
}, 600_000);
afterAll(() => harness?.close());

/** A test that needs Chromium. */
const inBrowser = (name: string, work: (harness: ConsoleHarness) => Promise<void>): void =>
  test(name, async () => {
    if (harness) await work(harness);
  });

inBrowser('C3 the average a day and the time left move soon after what was spent today', async ({ visit, api }) => {
  const fresh = await openAccount(api, '25.00');
  const { page } = await visit({ key: fresh.owner });
  await page.getByText('No recent use').waitFor();
  await report(api, [{ id: 'fresh', accountId: fresh.id, model: 'chat-a', inputTokens: 1_000_000 }]);
  await page.getByText('No recent use').waitFor({ state: 'detached', timeout: 15_000 });
});

inBrowser(
  'B7 usage shows every model in the table, the five that cost most by name in the chart',
  async ({ visit, api }) => {
    const { page } = await visit({ key: account.owner, path: '/usage' });
    const table = page.getByRole('table', { name: 'By model' });
    await table.waitFor();
    for (const id of MODELS) await table.getByRole('cell', { name: id, exact: true }).waitFor();
    const legend = await page
      .getByRole('listitem')
      .filter({ hasText: /^(chat-|Other)/ })
      .allTextContents();
    expect(legend).toEqual(['chat-f', 'chat-e', 'chat-d', 'chat-c', 'chat-b', 'Other']);
    const { body } = await api.ask('GET', `/v1/accounts/${account.id}/usage?groupBy=day,model`, { key: account.owner });
    expect(await page.getByRole('region', { name: 'Daily spend' }).textContent()).toContain(
      `$${Number(body.total).toFixed(2)}`,
    );
    await expectAccessible(page);
    await page.getByLabel('Period').selectOption('7');
    await page.waitForURL(/days=7/);
    await page.setViewportSize({ width: 390, height: 844 });
    await expectNoSidewaysScroll(page);
    await expectAccessible(page);
  },
);

inBrowser('B2 transactions are filtered by kind in the URL, and a usage line shows its events', async ({ visit }) => {
  const { page } = await visit({ key: account.owner, path: '/transactions' });
  const table = page.getByRole('table', { name: 'Transactions' });
  await table.waitFor();
  expect(await table.getByRole('row').count()).toBe(MODELS.length + 2);
  await page.getByLabel('Kind').selectOption('adjustment');
  await page.waitForURL(/kind=adjustment/);
  await table.getByRole('row').nth(2).waitFor({ state: 'detached' });
  expect(await table.getByRole('row').count()).toBe(2);
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await page
    .getByRole('button', { name: /^Events of transaction/ })
    .first()
    .press('Enter');
  const events = page.getByRole('dialog');
  await events.getByRole('cell', { name: 'event-chat-f' }).waitFor();
  await expectAccessible(page);
  await page.keyboard.press('Escape');
  await events.waitFor({ state: 'detached' });
  await page.getByLabel('From').fill('2020-01-01');
  await page.getByLabel('To').fill('2020-01-31');
  await page.getByText('No transactions match these filters').waitFor();
  await page.setViewportSize({ width: 390, height: 844 });
  await expectNoSidewaysScroll(page);
});

inBrowser('nothing in these pages breaks a rule of the browser’s', ({ expectNoComplaints }) => {
  expectNoComplaints();
  return Promise.resolve();
});
