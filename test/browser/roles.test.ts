/** Each role sees what it may do and nothing that would be refused; in any time zone; an admin suspends by keyboard. */
import type { Page } from 'playwright-core';
import { openAccount, putModel, report, type TestAccount } from '../support/api';
import { addCard, tabTo, testsInBrowser, type ConsoleHarness } from '../support/browser';
import { until } from '../support/notices';

const DAY_MS = 86_400_000;
/** Half an hour before the UTC day ends: in Auckland it is the next day's noon. */
const LATE_YESTERDAY = `${new Date(Date.now() - DAY_MS).toISOString().slice(0, 10)}T23:30:00Z`;

let account: TestAccount;
const inBrowser = testsInBrowser(async ({ api }) => {
  account = await openAccount(api, '40.00');
  await addCard(api, account);
  await putModel(api, 'chat');
  await api.ask('POST', `/v1/accounts/${account.id}/prepayments`, {
    key: account.owner,
    body: { amount: '5.00' },
    headers: { 'Idempotency-Key': 'first' },
  });
  await report(api, [
    { id: 'late', accountId: account.id, model: 'chat', inputTokens: 7_000_000, at: LATE_YESTERDAY },
    { id: 'now', accountId: account.id, model: 'chat', inputTokens: 2_500_000 },
  ]);
});

/** Opens each page of the navigation, waits until nothing is loading, and tells of it. */
async function eachPage(page: Page, visited: (path: string) => Promise<void>): Promise<string[]> {
  const links = page.getByRole('navigation', { name: 'Sections' }).getByRole('link');
  await links.first().waitFor({ state: 'attached' });
  const paths = await links.evaluateAll((all) =>
    all.map((link) => String((link as { getAttribute(name: string): string | null }).getAttribute('href'))),
  );
  for (const path of paths) {
    await page.goto(new URL(path, page.url()).href);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await until(
      () => page.getByText('Loading', { exact: true }).count(),
      (count) => count === 0,
      30_000,
    );
    await visited(path);
  }
  return paths;
}

/** What the API refuses this visitor. */
function refusalsOf(page: Page): string[] {
  const refusals: string[] = [];
  page.on('response', (response) => {
    if ([401, 403].includes(response.status())) refusals.push(`${response.status()} ${response.url()}`);
  });
  return refusals;
}

const keyOf = ({ api }: ConsoleHarness, role: string): string =>
  ({ owner: account.owner, member: account.member, 'resource modifier': account.modifier, admin: api.admin })[role]!;

for (const role of ['owner', 'resource modifier', 'member', 'admin'])
  inBrowser(
    `C1, C2 no page that ${role === 'owner' || role === 'admin' ? 'an' : 'a'} ${role} is led to asks for what is refused`,
    async (harness) => {
      const { page } = await harness.visit();
      const refusals = refusalsOf(page);
      await page.getByLabel('Key').fill(keyOf(harness, role));
      // Asked before anybody was signed in: who am I?
      refusals.length = 0;
      await page.keyboard.press('Enter');
      const paths = await eachPage(page, async () => {
        expect(await page.getByText('This page is not for your role').count()).toBe(0);
      });
      expect(paths.length).toBeGreaterThan(0);
      expect(refusals).toEqual([]);
    },
  );

inBrowser('C1 a member and a resource modifier see the money and can do nothing with it', async ({ visit }) => {
  for (const key of [account.member, account.modifier]) {
    const { page } = await visit({ key });
    await page.getByTestId('balance').getByText('$35.50').waitFor();
    await page.getByText('Auto-reload:').waitFor();
    for (const name of ['Add prepayment', 'Turn on auto-reload', 'Review auto-reload'])
      expect(await page.getByText(name, { exact: true }).count()).toBe(0);
    await page.goto(new URL('/overview?window=auto-reload', page.url()).href);
    await page.getByTestId('balance').waitFor();
    expect(await page.getByRole('dialog').count()).toBe(0);
    await page.goto(new URL('/payments', page.url()).href);
    await page.getByRole('table', { name: 'Prepayments' }).waitFor();
    expect(await page.getByRole('region', { name: 'Payment methods' }).count()).toBe(0);
    await page.goto(new URL('/pay', page.url()).href);
    await page.getByText('This page is not for your role').waitFor();
  }
});

inBrowser('B7 a browser in Auckland shows the UTC days of the API, and its times', async ({ visit, api }) => {
  const { page } = await visit({ key: account.owner, timezoneId: 'Pacific/Auckland' });
  const spend = page.getByRole('region', { name: 'Daily spend' });
  const dayOf = (iso: string) =>
    new Intl.DateTimeFormat('en-US', { timeZone: 'UTC', month: 'short', day: 'numeric' }).format(new Date(iso));
  const bars = spend.locator('rect title').filter({ hasText: `${dayOf(LATE_YESTERDAY)}: $7.00` });
  await bars.waitFor({ state: 'attached' });
  await page.goto(new URL('/usage', page.url()).href);
  await page
    .locator('rect title')
    .filter({ hasText: `${dayOf(LATE_YESTERDAY)}, chat: $7.00` })
    .waitFor({ state: 'attached' });
  await page.goto(new URL('/transactions', page.url()).href);
  const table = page.getByRole('table', { name: 'Transactions' });
  await table.waitFor();
  const { body } = await api.ask('GET', `/v1/accounts/${account.id}/transactions`, { key: account.owner });
  const shown = await table.locator('time').allTextContents();
  expect(shown).toEqual(body.data.map(({ at }: { at: string }) => `${dayOf(at)}, ${at.slice(11, 16)} UTC`));
});

inBrowser(
  'C2 an admin finds an account, suspends it and lifts that with the keyboard alone',
  async ({ visit, api }) => {
    const other = await openAccount(api, '10.00');
    const { page } = await visit({ key: api.admin });
    await tabTo(page, page.getByLabel('Search by id, name or a member’s address'));
    await page.keyboard.type(other.id);
    await page.getByRole('link', { name: account.id, exact: true }).waitFor({ state: 'detached' });
    await tabTo(page, page.getByRole('link', { name: other.id, exact: true }));
    await page.keyboard.press('Enter');
    await tabTo(page, page.getByRole('button', { name: 'Suspend access' }));
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Suspend access' });
    await tabTo(page, dialog.getByLabel('Reason'));
    await page.keyboard.type('an abuse report');
    await tabTo(page, dialog.getByRole('button', { name: 'Suspend access' }));
    await page.keyboard.press('Enter');
    const now = page.getByRole('region', { name: 'Now' });
    await now.getByText('suspended by an admin').waitFor();
    const gate = () => api.ask('GET', `/v1/accounts/${other.id}/gate`, { key: api.service });
    expect((await gate()).body.allowed).toBe(false);
    await tabTo(page, page.getByRole('button', { name: 'Lift the suspension' }));
    await page.keyboard.press('Enter');
    const lifting = page.getByRole('dialog', { name: 'Lift the suspension' });
    await tabTo(page, lifting.getByRole('button', { name: 'Lift the suspension' }));
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Suspend access' }).waitFor();
    expect((await gate()).body.allowed).toBe(true);
  },
);

inBrowser('nothing in these pages breaks a rule of the browser’s', ({ expectNoComplaints }) => expectNoComplaints());
