/** What an owner sets up beside money: the people of the account and their keys, webhooks and limits. */
import type { Page } from 'playwright-core';
import { adjust, openAccount, putModel, type TestAccount } from '../support/api';
import { expectAccessible, expectNoSidewaysScroll, testsInBrowser } from '../support/browser';
import { startReceiver } from '../support/receiver';

let account: TestAccount;
const inBrowser = testsInBrowser(
  async ({ api }) => {
    account = await openAccount(api, '25.00');
  },
  { webhooks: true },
);

const narrow = async (page: Page): Promise<void> => {
  await page.setViewportSize({ width: 390, height: 844 });
  await expectNoSidewaysScroll(page);
  await expectAccessible(page);
};

inBrowser('C1 an owner adds a member with the keyboard, changes the role and removes them', async ({ visit, api }) => {
  const { page } = await visit({ key: account.owner, path: '/team' });
  const members = page.getByRole('table', { name: 'Members' });
  await members.getByRole('row', { name: /^resource_modifier/ }).waitFor();
  // The last owner can't be removed, so it is not offered.
  const owner = members.getByRole('row', { name: /^owner \(you\)/ });
  expect(await owner.getByRole('button', { name: /^Remove/ }).count()).toBe(0);
  await expectAccessible(page);
  // Nor is another role, which would be refused, too.
  const dialog = page.getByRole('dialog');
  await owner.getByRole('button', { name: /^Edit/ }).press('Enter');
  expect(await dialog.getByLabel('Role').isDisabled()).toBe(true);
  await dialog.getByText('make somebody else an owner first').waitFor();
  await expectAccessible(page);
  await page.keyboard.press('Escape');

  await page.getByRole('button', { name: 'Add a member' }).press('Enter');
  await dialog.getByLabel('Name').fill('Ada');
  await dialog.getByLabel('E-mail address').fill(`owner@${account.id}.example`);
  await page.keyboard.press('Enter');
  await dialog.getByRole('alert').getByText('has this address already').waitFor();
  await expectAccessible(page);
  await dialog.getByLabel('E-mail address').fill('ada@example.com');
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
  const ada = members.getByRole('row', { name: /^Ada/ });
  await ada.getByText('Not confirmed').waitFor();

  await ada.getByRole('button', { name: 'Edit: ada@example.com' }).press('Enter');
  await dialog.getByLabel('Role').selectOption('owner');
  await dialog.getByRole('button', { name: 'Save' }).press('Enter');
  await dialog.waitFor({ state: 'detached' });
  await ada.getByText('Owner', { exact: true }).waitFor();

  await ada.getByRole('button', { name: /^Remove/ }).press('Enter');
  await dialog.getByText('signed out at once').waitFor();
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Remove' }).press('Enter');
  await ada.waitFor({ state: 'detached' });
  const { body } = await api.ask('GET', `/v1/accounts/${account.id}/members`, { key: account.owner });
  expect(body.data.map(({ name }: { name: string }) => name).sort()).toEqual(['member', 'owner', 'resource_modifier']);
});

inBrowser('C1 a key is shown once, works, and is refused once it is revoked', async ({ visit, api }) => {
  const { page } = await visit({ key: account.owner, path: '/team' });
  const keys = page.getByRole('table', { name: 'API keys' });
  await keys.waitFor();
  const before = await keys.getByRole('row').count();
  await page.getByRole('button', { name: 'Make a key' }).press('Enter');
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('For').selectOption({ label: 'member · Member' });
  await dialog.getByRole('button', { name: 'Make a key' }).press('Enter');
  const secret = dialog.getByLabel('Key of member');
  await secret.waitFor();
  await expectAccessible(page);
  const key = await secret.inputValue();
  const ask = async () => (await api.ask('GET', `/v1/accounts/${account.id}`, { key })).status;
  expect(await ask()).toBe(200);
  await dialog.getByRole('button', { name: 'Done' }).press('Enter');
  await dialog.waitFor({ state: 'detached' });
  expect(await page.content()).not.toContain(key);

  expect(await keys.getByRole('row').count()).toBe(before + 1);
  await keys
    .getByRole('row')
    .nth(1)
    .getByRole('button', { name: /^Revoke: member/ })
    .press('Enter');
  await dialog.getByText('stops working at once').waitFor();
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Revoke' }).press('Enter');
  await dialog.waitFor({ state: 'detached' });
  await keys.getByRole('row').nth(before).waitFor({ state: 'detached' });
  expect(await ask()).toBe(401);
  await narrow(page);
});

inBrowser('C2 an admin manages the people of any account; who may not is not led there', async ({ visit, api }) => {
  const { page } = await visit({ key: api.admin, path: `/accounts/${account.id}` });
  await page.getByRole('link', { name: 'Members and keys' }).press('Enter');
  await page
    .getByRole('table', { name: 'Members' })
    .getByRole('row', { name: /^owner/ })
    .waitFor();
  await expectAccessible(page);
  for (const key of [account.modifier, account.member]) {
    const { page: other } = await visit({ key, path: '/team' });
    await other.getByText('This page is not for your role').waitFor();
    expect(await other.getByRole('link', { name: 'Team and keys' }).count()).toBe(0);
  }
});

inBrowser('C2 nobody is led to add members or keys to a closed account', async ({ visit, api }) => {
  const { id } = await openAccount(api);
  await api.ask('DELETE', `/v1/accounts/${id}?reason=over`, { key: api.admin });
  const { page } = await visit({ key: api.admin, path: `/accounts/${id}` });
  await page.getByRole('region', { name: 'Now' }).waitFor();
  expect(await page.getByRole('link', { name: 'Members and keys' }).count()).toBe(0);
  await page.keyboard.press('Control+k');
  await page.getByRole('dialog', { name: 'Go to' }).locator('input:focus').waitFor();
  await page.getByRole('option', { name: 'Rejected usage: Account' }).waitFor();
  expect(await page.getByRole('option', { name: 'Members and keys' }).count()).toBe(0);
  await page.goto(`${api.url}/accounts/${id}/team`);
  await page.getByText('This account is closed').waitFor();
  expect(await page.getByRole('button', { name: 'Add a member' }).count()).toBe(0);
  expect(await page.getByRole('button', { name: 'Make a key' }).count()).toBe(0);
  await expectAccessible(page);
});

inBrowser('N2 an owner adds an endpoint, tries it, and sees what it answered', async ({ visit, api }) => {
  const receiver = await startReceiver((response, nth) => response.writeHead(nth === 1 ? 204 : 500).end());
  const { page } = await visit({ key: account.owner, path: '/webhooks' });
  await page.getByText('There are no endpoints').waitFor();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Add an endpoint' }).press('Enter');
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Address').fill('ftp://example.com/');
  await page.keyboard.press('Enter');
  await dialog.getByRole('alert').waitFor();
  await dialog.getByLabel('Address').fill(receiver.url);
  await dialog.getByLabel('Only these:').check();
  await dialog.getByLabel('Access resumed').check();
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Add an endpoint' }).press('Enter');
  const secret = await dialog.getByLabel('Secret').inputValue();
  expect(secret).toMatch(/^whsec_/);
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Done' }).press('Enter');

  await page.getByRole('button', { name: /^Send a test/ }).press('Enter');
  const deliveries = page.getByRole('table', { name: /^Deliveries to/ });
  await deliveries.getByRole('row', { name: /Test.*Delivered.*HTTP 204/ }).waitFor();
  expect(receiver.verified(secret).type).toBe('test');
  await page.waitForURL(/endpoint=/);
  await expectAccessible(page);
  // What happens by itself comes by itself, and a failure says what was answered and that it goes on.
  await adjust(api, account.id, '-30.00');
  await adjust(api, account.id, '30.00');
  await deliveries.getByRole('row', { name: /Access resumed.*On its way.*HTTP 500/ }).waitFor();
  await narrow(page);
  await receiver.close();
});

inBrowser('N2 a new secret is shown once, and a removed endpoint is gone', async ({ visit, api }) => {
  const other = await openAccount(api);
  const url = 'http://127.0.0.1:9/hooks';
  const added = await api.ask('POST', `/v1/accounts/${other.id}/webhook-endpoints`, {
    key: other.owner,
    body: { url, events: ['*'] },
  });
  const { page } = await visit({ key: other.owner, path: '/webhooks' });
  const dialog = page.getByRole('dialog');
  await page.getByRole('button', { name: `New secret: ${url}` }).press('Enter');
  await dialog.getByText('signed with both').waitFor();
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'New secret' }).press('Enter');
  const secret = await dialog.getByLabel('Secret').inputValue();
  expect(secret).toMatch(/^whsec_/);
  expect(secret).not.toBe(added.body.secret);
  await dialog.getByRole('button', { name: 'Done' }).press('Enter');
  await page.getByRole('button', { name: `Remove: ${url}` }).press('Enter');
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Remove' }).press('Enter');
  await page.getByText('There are no endpoints').waitFor();
});

inBrowser(
  'L6 a resource modifier asks for a higher limit, an admin decides, and the answer comes by itself',
  async (harness) => {
    const { visit, api } = harness;
    const { page } = await visit({ key: account.modifier, path: '/limits' });
    const limits = page.getByRole('table', { name: 'Limits' });
    await limits.getByRole('img', { name: /^Dedicated endpoints: 0 endpoints of 5 endpoints/ }).waitFor();
    // What is the same for everybody can't be asked for.
    expect(await limits.getByRole('button', { name: /Size of a batch file/ }).count()).toBe(0);
    await page.getByText('Nothing has been asked for').waitFor();
    await expectAccessible(page);
    await limits.getByRole('button', { name: 'Ask for more: Dedicated endpoints' }).press('Enter');
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('New limit').fill('2');
    await dialog.getByLabel('Reason').fill('A launch in March.');
    await dialog.getByRole('button', { name: 'Ask for more' }).press('Enter');
    await dialog.getByRole('alert').getByText('is not above it').waitFor();
    await expectAccessible(page);
    await dialog.getByLabel('New limit').fill('1,2');
    await dialog.getByRole('alert').getByText('Write a whole number, such as 1500 or 1,500.').waitFor();
    expect(await dialog.getByRole('button', { name: 'Ask for more' }).isDisabled()).toBe(true);
    await dialog.getByLabel('New limit').fill('12');
    await dialog.getByRole('button', { name: 'Ask for more' }).press('Enter');
    await dialog.waitFor({ state: 'detached' });
    const request = page.getByRole('table', { name: 'Requests' }).getByRole('row', { name: /A launch in March/ });
    await request.getByText('Pending').waitFor();

    const { page: admin } = await visit({ key: api.admin, path: '/limit-requests?status=pending' });
    await admin.getByRole('button', { name: `Decide: ${account.id}, Dedicated endpoints` }).press('Enter');
    const decision = admin.getByRole('dialog');
    await expectAccessible(admin);
    await decision.getByLabel('Approve').check();
    await decision.getByLabel('Limit that is granted').fill('10');
    await decision.getByLabel('Note').fill('Enough for now.');
    await expectAccessible(admin);
    await decision.getByRole('button', { name: 'Approve the request' }).press('Enter');
    await admin.getByText('No request matches').waitFor();
    await admin.goto(`${api.url}/limit-requests?account=${account.id}`);
    await admin.getByRole('row', { name: /Approved.*Enough for now/ }).waitFor();
    await narrow(admin);

    await request.getByText('Granted: 10 endpoints.').waitFor();
    await limits.getByRole('img', { name: /0 endpoints of 10 endpoints/ }).waitFor();
    await narrow(page);
  },
);

inBrowser(
  'L6 a member sees the limits and prices, and is offered nothing that would be refused',
  async ({ visit, api }) => {
    await putModel(api, 'priced');
    const { page } = await visit({ key: account.member, path: '/limits' });
    await page.getByRole('table', { name: 'Limits' }).waitFor();
    expect(await page.getByRole('button', { name: /^Ask for more/ }).count()).toBe(0);
    expect(await page.getByRole('heading', { name: 'Requests' }).count()).toBe(0);
    await page.getByRole('link', { name: 'Models' }).click();
    await page.getByRole('row', { name: /priced/ }).waitFor();
    expect(await page.getByRole('button', { name: /^New price/ }).count()).toBe(0);
    await expectAccessible(page);
  },
);

inBrowser('nothing in these pages breaks a rule of the browser’s', ({ expectNoComplaints }) => {
  expectNoComplaints();
});
