/** Where no stream tells of a lost connection: that figures may be old is said, and gone again with the connection (C3). */
import type { Page } from 'playwright-core';
import { openAccount, type TestAccount } from '../support/api';
import { expectAccessible, PLAYED, testsInBrowser, type ConsoleHarness } from '../support/browser';
import { until } from '../support/notices';

let account: TestAccount;
const inBrowser = testsInBrowser(async ({ api }) => {
  account = await openAccount(api, '25.00');
});

const said = (page: Page) => page.getByText('The connection is lost');

/** The page of an address, with a clock that the test moves on. */
async function at({ api, visit }: ConsoleHarness, key: string, path: string, script?: string): Promise<Page> {
  const { page, context } = await visit({ key, path: '/no-such-page' });
  await page.getByText('There is no such page').waitFor();
  if (script !== undefined) await context.addInitScript(script);
  await page.clock.install();
  await page.goto(api.url + path);
  return page;
}

/** Moves the page's clock on until something is to be seen on it, or is not any more. */
const passTime = (page: Page, isThere: () => Promise<boolean>) =>
  until(
    async () => {
      await page.clock.runFor(1_000);
      return isThere();
    },
    Boolean,
    30_000,
  );

const isSaid = (page: Page) => async () => (await said(page).count()) > 0;
const isNotSaid = (page: Page) => async () => (await said(page).count()) === 0;

/** What a browser has over plain http from another machine. */
const NO_LOCKS = 'delete Navigator.prototype.locks;';
const ingress = { status: 502, headers: { [PLAYED]: '1' }, contentType: 'text/html', body: '<html></html>' };

inBrowser('C3 a page that no stream moves says that its figures may be old, and until when', async (harness) => {
  const system = await at(harness, harness.api.admin, '/system');
  await system.getByRole('region', { name: 'Readiness' }).getByText('Reached', { exact: true }).first().waitFor();
  const insecure = await at(harness, account.owner, '/transactions', NO_LOCKS);
  await insecure.getByRole('table', { name: 'Transactions' }).waitFor();
  for (const page of [system, insecure]) {
    // A connection that breaks, and an ingress that has nothing behind it.
    for (const away of ['break', 'ingress']) {
      await page.route('**/v1/**', (route) =>
        away === 'break' ? route.abort('connectionreset') : route.fulfill(ingress),
      );
      await passTime(page, isSaid(page));
      await expectAccessible(page);
      await page.unroute('**/v1/**');
      await passTime(page, isNotSaid(page));
    }
  }
});

inBrowser('C3 a list of accounts that is left open follows what becomes of them', async (harness) => {
  const { api } = harness;
  const other = await openAccount(api, '5.00');
  const page = await at(harness, api.admin, '/accounts?gate=suspended');
  await page.getByRole('heading', { name: 'Accounts', level: 1 }).waitFor();
  const { status } = await api.ask('PUT', `/v1/accounts/${other.id}/suspension`, {
    key: api.admin,
    body: { reason: 'an abuse report' },
  });
  expect(status).toBe(200);
  await passTime(page, async () => (await page.getByRole('row').filter({ hasText: other.id }).count()) > 0);
});

inBrowser('C3 the stream of a page that was left says nothing of the next one', async (harness) => {
  const page = await at(harness, harness.api.admin, `/accounts/${account.id}`);
  await page.getByRole('region', { name: 'Now' }).waitFor();
  await page.route('**/stream', (route) => route.abort('connectionreset'));
  await page.reload();
  await page.getByRole('region', { name: 'Now' }).waitFor();
  await passTime(page, isSaid(page));
  await page.getByRole('link', { name: 'All accounts' }).click();
  await page.getByRole('table', { name: 'Accounts' }).waitFor();
  await said(page).waitFor({ state: 'detached' });
});

inBrowser('nothing in these pages breaks a rule of the browser’s', ({ expectNoComplaints }) => expectNoComplaints());
