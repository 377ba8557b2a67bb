/** For who sees little or goes by keyboard: forced colours, a zoom of 400 %, and where the focus is on a new page (C1). */
import type { Locator, Page } from 'playwright-core';
import { addCard, expectAccessible, expectNoSidewaysScroll, tabTo, testsInBrowser } from '../support/browser';
import { openAccount, type TestAccount } from '../support/api';
import { until } from '../support/notices';

let account: TestAccount;
const inBrowser = testsInBrowser(async ({ api }) => {
  account = await openAccount(api, '25.00');
  await addCard(api, account);
  await api.ask('POST', `/v1/accounts/${account.id}/prepayments`, {
    key: account.owner,
    body: { amount: '5.00' },
    headers: { 'Idempotency-Key': 'first' },
  });
});

/** What is drawn behind a part where colours are forced: only who declines that has one of its own. */
const groundOf = (part: Locator): Promise<string> =>
  part.evaluate((element: any) => {
    const { forcedColorAdjust, backgroundColor } = element.ownerDocument.defaultView.getComputedStyle(element);
    return forcedColorAdjust === 'none' ? backgroundColor : 'forced';
  });

inBrowser('C1 in forced colours what is chosen is told from what is not', async ({ visit }) => {
  const { page } = await visit({ key: account.owner, path: '/overview?window=auto-reload' });
  await page.emulateMedia({ forcedColors: 'active' });
  const group = page.getByRole('group', { name: 'Reload amount' });
  await page.getByRole('checkbox', { name: 'Enable Serverless Inference auto-reload' }).check();
  await group.getByRole('radio', { name: '$25', exact: true }).check();
  const [chosen, other] = [group.getByText('$25', { exact: true }), group.getByText('Custom', { exact: true })];
  await until(
    async () => (await groundOf(chosen)) !== (await groundOf(other)),
    (isTold) => isTold,
  );
  await expectAccessible(page);
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  const links = page.getByRole('navigation', { name: 'Sections' });
  expect(await groundOf(links.locator('[aria-current=page]'))).not.toBe(
    await groundOf(links.getByRole('link', { name: 'Usage' })),
  );
  await page.keyboard.press('Control+k');
  const options = page.getByRole('dialog', { name: 'Go to' }).getByRole('option');
  await options.first().waitFor();
  expect(await groundOf(options.first())).not.toBe(await groundOf(options.nth(1)));
  await expectAccessible(page);
});

/** Whether nothing lies over the middle of a part. */
const isUncovered = (part: Locator): Promise<boolean> =>
  part.evaluate((element: any) => {
    element.scrollIntoView({ block: 'center' });
    const { x, y, width, height } = element.getBoundingClientRect();
    const found = element.ownerDocument.elementFromPoint(x + width / 2, y + height / 2);
    return element.contains(found);
  });

inBrowser('C1 at a zoom of 400 % the end of a window covers nothing of it', async ({ visit }) => {
  const viewport = { width: 320, height: 256 };
  const { page } = await visit({ key: account.owner, path: '/overview?window=auto-reload', viewport });
  const dialog = page.getByRole('dialog', { name: 'Serverless Inference auto-reload' });
  await dialog.getByRole('checkbox', { name: 'Enable Serverless Inference auto-reload' }).check();
  const amount = dialog.getByRole('group', { name: 'Reload amount' }).getByRole('radio', { name: '$25', exact: true });
  expect(await isUncovered(amount)).toBe(true);
  await amount.check();
  const consent = dialog.getByRole('checkbox', { name: /^I authorize/ });
  expect(await isUncovered(consent)).toBe(true);
  await expectNoSidewaysScroll(page);
});

const isFocused = (part: Locator): Promise<boolean> =>
  part.evaluate((element: any) => element === element.ownerDocument.activeElement);

/** The focus is on the page as such: the next Tab leads to the first that it has. */
const expectOnPage = (page: Page) => until(() => isFocused(page.locator('#page')), Boolean);

inBrowser(
  'C1 whoever goes to another page has the focus at its beginning, and a window keeps its own',
  async (harness) => {
    const { page } = await harness.visit({ key: account.owner });
    await page.getByTestId('balance').waitFor();
    // The first page is the browser's to begin with.
    expect(await isFocused(page.locator('#page'))).toBe(false);
    await tabTo(page, page.getByRole('link', { name: 'Transactions', exact: true }));
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Transactions', level: 1 }).waitFor();
    await expectOnPage(page);
    await page.keyboard.press('Control+k');
    await page.keyboard.type('payments');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Payments', level: 1 }).waitFor();
    await expectOnPage(page);
    await page.keyboard.press('Control+k');
    await page.keyboard.type('new bat');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'New batch' }).locator(':focus').waitFor();
  },
);

inBrowser('nothing in these pages breaks a rule of the browser’s', ({ expectNoComplaints }) => expectNoComplaints());
