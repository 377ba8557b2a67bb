/** The command palette: any page, account or action by keyboard alone; and what an update of the console leaves of an open page. */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { openAccount, putModel, startTestApi, type TestAccount } from '../support/api';
import { CONSOLE_DIR, expectAccessible, expectNoSidewaysScroll, testsInBrowser } from '../support/browser';
import { rebuildConsole } from '../support/rebuildConsole';

let account: TestAccount;
const inBrowser = testsInBrowser(async ({ api }) => {
  account = await openAccount(api, '25.00');
});

const paletteOf = (page: Page) => page.getByRole('dialog', { name: 'Go to' });
/** Opens it and waits until it takes what is typed. */
async function openBy(page: Page, key: string): Promise<void> {
  await page.getByRole('button', { name: 'Go to' }).waitFor();
  await page.keyboard.press(key);
  await paletteOf(page).locator('input:focus').waitFor();
}

inBrowser('C1 the palette opens by its key on a narrow screen too, whose menu is closed', async ({ visit }) => {
  const { page } = await visit({ key: account.owner });
  await page.setViewportSize({ width: 390, height: 844 });
  await page.getByTestId('balance').waitFor();
  await page.keyboard.press('Control+k');
  await paletteOf(page).locator('input:focus').waitFor();
  await expectAccessible(page);
  await page.keyboard.type('trans');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Transactions', level: 1 }).waitFor();
});

inBrowser('C1 an owner goes to a page and to an action by keyboard alone', async ({ visit }) => {
  const { page } = await visit({ key: account.owner });
  await openBy(page, 'Control+k');
  await expectAccessible(page);
  // Who has one account is promised no other.
  await paletteOf(page).getByRole('combobox', { name: 'Page or action', exact: true }).waitFor();
  // Whoever types fast waits for no list.
  await page.keyboard.type('trans');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Transactions', level: 1 }).waitFor();
  expect(await paletteOf(page).count()).toBe(0);

  await openBy(page, 'Control+k');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('ArrowUp');
  // From the first upwards is the last.
  await paletteOf(page).getByRole('option', { name: 'Sign out', selected: true }).waitFor();
  await page.keyboard.type('new bat');
  await paletteOf(page).getByRole('option', { name: 'New batch', selected: true }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'New batch' }).waitFor();
  // A window that is typed into is not left by the key.
  await page.keyboard.press('Control+k');
  expect(await paletteOf(page).count()).toBe(0);
});

inBrowser('C1 a member is led to nothing that would be refused; what fits nothing says so', async ({ visit }) => {
  const { page } = await visit({
    key: account.member,
    viewport: { width: 390, height: 844 },
    colorScheme: 'dark',
  });
  await page.getByRole('button', { name: 'Menu' }).click();
  await page.getByRole('button', { name: 'Go to' }).press('Enter');
  await paletteOf(page).locator('input:focus').waitFor();
  await paletteOf(page).getByRole('option', { name: 'New batch' }).waitFor();
  for (const name of ['Add prepayment', 'Auto-reload settings', 'Notices', 'Accounts'])
    expect(await paletteOf(page).getByRole('option', { name }).count()).toBe(0);
  await expectNoSidewaysScroll(page);
  await page.keyboard.type('xyzzy');
  await paletteOf(page).getByText('Nothing matches').waitFor();
  await expectAccessible(page);
  await page.keyboard.press('Escape');
  await paletteOf(page).waitFor({ state: 'detached' });
});

inBrowser('C2 an admin finds any account in the palette and opens it', async ({ visit, api }) => {
  const { page } = await visit({ key: api.admin });
  await openBy(page, 'Control+k');
  await paletteOf(page).getByRole('combobox', { name: 'Page, account or action' }).waitFor();
  await page.keyboard.type(account.id);
  await paletteOf(page).getByRole('option', { name: account.id, selected: true }).waitFor();
  await expectAccessible(page);
  await page.keyboard.press('Enter');
  await page.waitForURL(`**/accounts/${account.id}`);
  await page.getByRole('table', { name: 'Timeline' }).waitFor();
});

inBrowser(
  'C2 an admin types what is to be done and to whom, and is in that window of that account',
  async (harness) => {
    const { visit, api } = harness;
    const { page } = await visit({ key: api.admin });
    const option = (name: string) => paletteOf(page).getByRole('option', { name, exact: false });
    await openBy(page, 'Control+k');
    await page.keyboard.type(`suspend ${account.id}`);
    await paletteOf(page).getByRole('option', { name: 'Suspend access: Account', selected: true }).waitFor();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Suspend access' });
    await dialog.getByLabel('Reason').fill('an abuse report');
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'detached' });

    // On the account's page its acts are there without its name; what would be refused is not.
    await openBy(page, 'Control+k');
    await option('Lift the suspension: Account').waitFor();
    for (const name of ['Adjust the balance', 'Refund a payment', 'Close the account', 'Members and keys'])
      await option(`${name}: Account`).waitFor();
    expect(await option('Suspend access: Account').count()).toBe(0);
    expect(await option('for a dispute').count()).toBe(0);
    await expectAccessible(page);
    await page.keyboard.type('lift');
    await page.keyboard.press('Enter');
    await page
      .getByRole('dialog', { name: 'Lift the suspension' })
      .getByRole('button', { name: /^Lift/ })
      .press('Enter');
    await page.getByText('The suspension is lifted, and access has resumed.').waitFor();
    await openBy(page, 'Control+k');
    await page.keyboard.type('close acc');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: `Close Account ${account.id}` }).waitFor();
  },
);

inBrowser('C2 an admin runs a reconciliation and adds a price from the palette', async ({ visit, api }) => {
  await putModel(api, 'priced-model');
  const { page } = await visit({ key: api.admin });
  await openBy(page, 'Control+k');
  await page.keyboard.type('reconcil');
  await paletteOf(page).getByRole('option', { name: 'Run a reconciliation' }).click();
  const asking = page.getByRole('dialog', { name: 'Run a reconciliation' });
  await asking.getByText('It never charges').waitFor();
  await expectAccessible(page);
  await asking.getByRole('button', { name: 'Run it now' }).press('Enter');
  await asking.waitFor({ state: 'detached' });
  await page.getByRole('region', { name: 'Report' }).getByText('Payments looked at').waitFor();

  await openBy(page, 'Control+k');
  await page.keyboard.type('new price priced');
  await paletteOf(page).getByRole('option', { name: 'New price of priced-model', selected: true }).waitFor();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'New price of priced-model' });
  await dialog.getByLabel('Begins, UTC').fill('2099-01-01T00:00');
  await dialog.getByRole('button', { name: 'New price' }).press('Enter');
  await dialog.waitFor({ state: 'detached' });
  await page.getByRole('row', { name: /^priced-model.*From Jan 1/ }).waitFor();
  // Who may not is not led there, by the address either.
  const { page: owners } = await visit({ key: account.owner, path: '/models?window=price&model=priced-model' });
  await owners.getByRole('row', { name: /^priced-model/ }).waitFor();
  expect(await owners.getByRole('dialog').count()).toBe(0);
});

inBrowser('C1 on a Mac it is opened by ⌘K, and Ctrl-K is left to the text', async ({ visit }) => {
  const { page } = await visit({
    key: account.owner,
    userAgent:
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0',
  });
  await page.getByRole('button', { name: 'Go to' }).getByText('⌘ K').waitFor();
  await page.keyboard.press('Control+k');
  expect(await paletteOf(page).count()).toBe(0);
  await openBy(page, 'Meta+k');
});

inBrowser('C1 what is typed before the palette has been loaded is not lost', async ({ visit }) => {
  const { page } = await visit({ key: account.owner, path: '/usage' });
  await page.getByRole('button', { name: 'Go to' }).waitFor();
  let send: () => void = () => undefined;
  const isSent = new Promise<void>((resolve) => (send = resolve));
  await page.route(/assets\/Palette-/, async (route) => {
    await isSent;
    await route.continue();
  });
  await page.keyboard.press('Control+k');
  await page.keyboard.type('trans');
  await expectAccessible(page);
  await page.keyboard.press('Enter');
  send();
  await page.getByRole('heading', { name: 'Transactions', level: 1 }).waitFor();
});

inBrowser('C1 after an update an open page finds its new files by itself, and keeps what is typed', async (harness) => {
  const { visit, world } = harness;
  const folder = await mkdtemp(join(tmpdir(), 'console-'));
  await cp(CONSOLE_DIR, folder, { recursive: true });
  const updated = await startTestApi({
    database: world.database,
    temporal: world.client,
    stripe: world.stripe,
    consoleDir: folder,
  });
  try {
    const { page, complaints } = await visit({ key: account.owner });
    await page.goto(`${updated.url}/pay`);
    const amount = page.getByLabel('Amount', { exact: true });
    await amount.fill('12.34');
    await rebuildConsole(folder);

    // A window on top of a form does not take the form away.
    await page.keyboard.press('Control+k');
    await paletteOf(page).getByText('The console was updated').waitFor();
    await expectAccessible(page);
    await page.keyboard.press('Escape');
    expect(await amount.inputValue()).toBe('12.34');

    // Who leaves the form is led on without a word.
    await page.getByRole('link', { name: 'Transactions' }).click();
    await page.getByRole('table', { name: 'Transactions' }).or(page.getByText('No transactions yet')).waitFor();
    await openBy(page, 'Control+k');
    // The browser's word for a file of styles that is gone.
    const others = complaints.filter((complaint) => !complaint.startsWith('Refused to apply style'));
    complaints.splice(0, complaints.length, ...others);
    expect(complaints).toEqual([]);
  } finally {
    await updated.close();
    await rm(folder, { recursive: true });
  }
});

inBrowser('nothing in these pages breaks a rule of the browser’s', ({ expectNoComplaints }) => expectNoComplaints());
