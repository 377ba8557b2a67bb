/** What an owner has spent and on what: transactions with filters and the events behind them, usage by day and model. */
import { openAccount, putModel, report, type TestAccount } from '../support/api';
import {
  expectAccessible,
  expectNoSidewaysScroll,
  findChromium,
  PLAYED,
  startConsole,
  type ConsoleHarness,
} from '../support/browser';
import { until } from '../support/notices';

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

inBrowser('B7 a page that stays open over midnight, UTC, goes on with the new day', async ({ visit, api }) => {
  const DAY_MS = 86_400_000;
  const todayMs = Math.floor(Date.now() / DAY_MS) * DAY_MS;
  const { id, owner } = await openAccount(api, '25.00');
  await report(api, [
    {
      id: 'late',
      accountId: id,
      model: 'chat-a',
      inputTokens: 7_000_000,
      at: new Date(todayMs - 1_800_000).toISOString(),
    },
    { id: 'early', accountId: id, model: 'chat-a', inputTokens: 2_500_000, at: new Date(todayMs).toISOString() },
  ]);
  const { page } = await visit({ key: owner, path: '/no-such-page' });
  await page.clock.install({ time: todayMs - 60_000 });
  await page.goto(`${api.url}/overview`);
  const figures = page.getByRole('region', { name: 'Figures' });
  await figures.getByText('$7.00', { exact: true }).waitFor();
  const spend = page.getByRole('region', { name: 'Daily spend' });
  const dayOf = (ms: number) =>
    new Intl.DateTimeFormat('en-US', { timeZone: 'UTC', month: 'short', day: 'numeric' }).format(ms);
  await spend.getByText(`to ${dayOf(todayMs - DAY_MS)}`).waitFor();
  await page.clock.runFor(61_000);
  await figures.getByText('$2.50', { exact: true }).waitFor();
  await spend.getByText(`to ${dayOf(todayMs)}`).waitFor();
  // A computer that slept over the next midnight has kept no time: whoever looks again sees the day.
  await page.clock.setSystemTime(todayMs + DAY_MS + 60_000);
  await page.evaluate(`window.dispatchEvent(new Event('focus'))`);
  await figures.getByText('$0.00', { exact: true }).waitFor();
});

inBrowser(
  'C1 figures that can’t be loaded are named with the reason, and are there by “Try again”',
  async (harness) => {
    const { page } = await harness.visit({ key: account.owner, path: '/no-such-page' });
    await page.clock.install();
    const problem = {
      type: 'about:blank',
      title: 'No',
      status: 503,
      detail: 'Postgres can not be reached.',
      code: 'database_unavailable',
    };
    await page.route(/\/usage\?|\/auto-reload$/, (route) =>
      route.fulfill({
        status: 503,
        headers: { 'Content-Type': 'application/problem+json', [PLAYED]: '1' },
        body: JSON.stringify(problem),
      }),
    );
    await page.goto(`${harness.api.url}/overview`);
    const told = page.getByRole('alert').filter({ hasText: 'Not loaded: Spent today, Spend a day, Time left.' });
    await until(
      async () => {
        await page.clock.runFor(2_000);
        return told.getByText('Postgres can not be reached.').count();
      },
      (count) => count === 1,
    );
    // It stays said: what can't be loaded is not asked for all the time.
    await page.clock.runFor(20_000);
    await told.getByRole('button', { name: 'Try again' }).waitFor();
    await expectAccessible(page);
    await page.setViewportSize({ width: 390, height: 844 });
    await expectNoSidewaysScroll(page);
    await page.unrouteAll();
    await told.getByRole('button', { name: 'Try again' }).press('Enter');
    await told.waitFor({ state: 'detached' });
    await page.getByRole('region', { name: 'Figures' }).getByText('$2.10').first().waitFor();
  },
);

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
