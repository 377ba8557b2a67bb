/** What admins look after: rejected usage, reconciliation, prices, the system, and an account's money and end. */
import type { Page } from 'playwright-core';
import { openAccount, putModel, report, type TestAccount } from '../support/api';
import { addCard, expectAccessible, expectNoSidewaysScroll, loseAnswer, testsInBrowser } from '../support/browser';
import { until } from '../support/notices';

let account: TestAccount;
const inBrowser = testsInBrowser(async ({ api }) => {
  account = await openAccount(api);
  await putModel(api);
  await addCard(api, account);
  await api.ask('POST', `/v1/accounts/${account.id}/prepayments`, {
    key: account.owner,
    body: { amount: '30.00' },
    headers: { 'Idempotency-Key': 'paid-once' },
  });
});

const narrow = async (page: Page): Promise<void> => {
  await page.setViewportSize({ width: 390, height: 844 });
  await expectNoSidewaysScroll(page);
  await expectAccessible(page);
};

inBrowser(
  'B4 an admin finds rejected usage of all accounts, and of those that nobody knows',
  async ({ visit, api }) => {
    const { page } = await visit({ key: api.admin, path: '/rejected-usage' });
    await page.getByText('Nothing was rejected').waitFor();
    await report(api, [
      { id: 'no-model', accountId: account.id, model: 'unheard-of', inputTokens: 1 },
      { id: 'no-account', accountId: 'stranger', model: 'model', inputTokens: 1 },
    ]);
    const table = page.getByRole('table', { name: 'Rejected usage' });
    await table.getByRole('row', { name: /stranger.*unknown_account/ }).waitFor();
    const known = table.getByRole('row', { name: /no-model.*unknown_model/ });
    await known.getByText('Show').press('Enter');
    await known.getByText('"unheard-of"').waitFor();
    await expectAccessible(page);
    await page.getByLabel('Account').fill(account.id);
    await table.getByRole('row', { name: /stranger/ }).waitFor({ state: 'detached' });
    await page.waitForURL(/account=/);
    await narrow(page);
  },
);

inBrowser('P6 an admin reconciles and reads what was looked at and what is not explained', async ({ visit, api }) => {
  const { page } = await visit({ key: api.admin, path: '/reconcile' });
  await page.getByText('It has never run').waitFor();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Run it now' }).press('Enter');
  await page.getByText('Nothing is unexplained').waitFor();
  const shown = page.getByRole('region', { name: 'Report' });
  await shown.getByText('Payments looked at').waitFor();
  await expectAccessible(page);
  await narrow(page);
  // It is there again for whoever looks later.
  const isKept = async () => (await api.ask('GET', '/v1/reconcile', { key: api.admin })).body.asked !== null;
  await until(isKept, (kept) => kept);
  await page.reload();
  await shown.getByText('Payments looked at').waitFor();
});

inBrowser('P6 after a restore the report says from when to when usage is missing', async ({ visit, api, world }) => {
  await world.database.owner.query("insert into restores (backup_at) values (now() - interval '1 hour')");
  const { page } = await visit({ key: api.admin, path: '/reconcile' });
  await page.getByRole('button', { name: 'Run it now' }).press('Enter');
  await page.getByText(/Usage that was reported between .+ UTC and .+ UTC is missing/).waitFor();
  await expectAccessible(page);
});

inBrowser(
  'B4 an admin adds a price version to a model; one that begins too soon is refused',
  async ({ visit, api }) => {
    const { page } = await visit({ key: api.admin, path: '/models' });
    await page.getByRole('button', { name: 'New price: model' }).press('Enter');
    const dialog = page.getByRole('dialog');
    await expectAccessible(page);
    await dialog.getByLabel('Input', { exact: true }).fill('3,25');
    await dialog.getByRole('alert').getByText('Write cents after a dot, such as 12.50.').waitFor();
    expect(await dialog.getByRole('button', { name: 'New price' }).isDisabled()).toBe(true);
    // No hundred and fifty.
    await dialog.getByLabel('Input', { exact: true }).fill('0,150');
    await dialog.getByRole('alert').getByText('Write cents after a dot, such as 12.50.').waitFor();
    await dialog.getByLabel('Input', { exact: true }).fill('3.25');
    await dialog.getByLabel('Begins, UTC').fill('2020-01-01T00:00');
    await dialog.getByRole('button', { name: 'New price' }).press('Enter');
    await dialog.getByRole('alert').waitFor();
    await dialog.getByLabel('Begins, UTC').fill('2099-01-01T00:00');
    await dialog.getByRole('button', { name: 'New price' }).press('Enter');
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('row', { name: /^model.*From Jan 1/ }).waitFor();
    await page.getByRole('button', { name: 'Prices: model' }).press('Enter');
    await dialog.getByRole('cell', { name: '$3.25' }).waitFor();
    await expectAccessible(page);
    await page.keyboard.press('Escape');
    const { body } = await api.ask('GET', '/v1/models', { key: api.admin });
    const { prices } = body.data.find(({ id }: { id: string }) => id === 'model');
    expect(prices).toHaveLength(2);
    expect(prices[1]).toMatchObject({
      from: '2099-01-01T00:00:00.000Z',
      inputPerMillion: '3.25',
      outputPerMillion: '2.00',
    });
    await narrow(page);
  },
);

inBrowser('O5 an admin sees what is reached, what lags and what waits', async ({ visit, api }) => {
  const { page } = await visit({ key: api.admin, path: '/system' });
  await page
    .getByRole('table', { name: 'Queues' })
    .getByRole('row', { name: /Webhooks to be sent/ })
    .waitFor();
  expect(await page.getByRole('region', { name: 'Readiness' }).getByText('Reached', { exact: true }).count()).toBe(3);
  await expectAccessible(page);
  await narrow(page);
});

inBrowser('P5 an admin refunds a part of a prepayment, once, and never more than is left', async ({ visit, api }) => {
  const { page } = await visit({ key: api.admin, path: `/accounts/${account.id}` });
  const dialog = page.getByRole('dialog', { name: 'Refund a payment' });
  await page.getByRole('button', { name: /^Refund: \$30\.00 of/ }).press('Enter');
  await dialog.getByText('all that is left of the payment, $30.00').waitFor();
  await dialog.getByLabel('Amount').fill('40');
  await dialog.getByRole('button', { name: 'Refund' }).press('Enter');
  await dialog.getByRole('alert').getByText('$30.00 of this payment is left to refund.').waitFor();
  await expectAccessible(page);
  await dialog.getByLabel('Amount').fill('10,50');
  await dialog.getByRole('alert').getByText('Write cents after a dot, such as 12.50.').waitFor();
  expect(await dialog.getByRole('button', { name: 'Refund' }).isDisabled()).toBe(true);
  await dialog.getByLabel('Amount').fill('10');
  await dialog.getByText('Refunds $10.00 of the payment of $30.00.').waitFor();
  await dialog.getByRole('button', { name: 'Refund' }).dblclick();
  await dialog.waitFor({ state: 'detached' });
  await page.getByRole('region', { name: 'Now' }).getByText('$20.00').first().waitFor();
  const { body } = await api.ask('GET', `/v1/accounts/${account.id}/prepayments`, { key: api.admin });
  expect(body.data[0].refunded).toBe('10.00');
});

inBrowser('P5 a refund whose answer hangs is the same refund after a reload of the page', async ({ visit, api }) => {
  const paid = await openAccount(api);
  await addCard(api, paid);
  const pay = { key: paid.owner, body: { amount: '20.00' }, headers: { 'Idempotency-Key': 'first' } };
  await api.ask('POST', `/v1/accounts/${paid.id}/prepayments`, pay);
  const { page } = await visit({ key: api.admin, path: `/accounts/${paid.id}` });
  const dialog = page.getByRole('dialog', { name: 'Refund a payment' });
  await page.getByRole('button', { name: /^Refund: \$20\.00 of/ }).press('Enter');
  await dialog.getByLabel('Amount').fill('5');
  const lost = await loseAnswer(page, '**/refund', 'hang');
  await dialog.getByRole('button', { name: 'Refund' }).press('Enter');
  await lost.done;
  await page.reload();
  await dialog.getByText('no answer has come').waitFor();
  await dialog.getByText('Refunds $5.00 of the payment of $20.00.').waitFor();
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Refund' }).press('Enter');
  await page.getByText('$5.00 is refunded.').waitFor();
  const { body } = await api.ask('GET', `/v1/accounts/${paid.id}/prepayments`, { key: api.admin });
  expect(body.data[0].refunded).toBe('5.00');
});

inBrowser('P5 a full refund takes its button away, and the focus stays among the payments', async ({ visit, api }) => {
  const paid = await openAccount(api);
  await addCard(api, paid);
  const pay = { key: paid.owner, body: { amount: '5.00' }, headers: { 'Idempotency-Key': 'first' } };
  await api.ask('POST', `/v1/accounts/${paid.id}/prepayments`, pay);
  const { page } = await visit({ key: api.admin, path: `/accounts/${paid.id}` });
  const refund = page.getByRole('button', { name: /^Refund: \$5\.00 of/ });
  await refund.press('Enter');
  await page.getByRole('dialog').getByRole('button', { name: 'Refund' }).press('Enter');
  await refund.waitFor({ state: 'detached' });
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.locator('section:focus', { has: page.getByRole('heading', { name: 'Prepayments' }) }).waitFor();
});

inBrowser(
  'P5 an admin lifts what a dispute has suspended, and asks for no refund of what can’t be',
  async (harness) => {
    const { visit, api, world } = harness;
    const disputed = await openAccount(api, '10.00');
    await addCard(api, disputed);
    const pay = { key: disputed.owner, body: { amount: '5.00' }, headers: { 'Idempotency-Key': 'first' } };
    await api.ask('POST', `/v1/accounts/${disputed.id}/prepayments`, pay);
    const { rows } = await api.database.pool.query<{ intent: string }>(
      'select payment_intent_id as intent from payments where account_id = $1',
      [disputed.id],
    );
    await world.simulate('POST', '/disputes', { paymentIntent: rows[0]!.intent, amount: 500 });
    await api.ask('POST', '/v1/reconcile', { key: api.admin });
    const { page } = await visit({ key: api.admin, path: `/accounts/${disputed.id}?window=refund` });
    const dialog = page.getByRole('dialog', { name: 'Refund a payment' });
    expect(await dialog.getByRole('button', { name: 'Refund' }).isDisabled()).toBe(true);
    await dialog.getByLabel('Payment').selectOption({ index: 1 });
    expect(await dialog.getByRole('button', { name: 'Refund' }).isEnabled()).toBe(true);
    await expectAccessible(page);
    await page.keyboard.press('Escape');
    await page.getByRole('region', { name: 'Now' }).getByText('payment disputed').waitFor();
    const { page: member } = await visit({ key: disputed.member });
    await member
      .getByText('Access is suspended because a payment is disputed. An owner of the account can contact support.')
      .waitFor();
    // Found by what is wrong, and why is said in the list.
    await member.context().close();
    await page.getByRole('link', { name: 'Accounts', exact: true }).click();
    await page.getByLabel('Trouble').selectOption('Disputed payment');
    const found = page.getByRole('table', { name: 'Accounts' }).getByRole('row').filter({ hasText: disputed.id });
    await found.getByText('payment disputed').waitFor();
    await expectAccessible(page);
    await found.getByRole('link', { name: disputed.id, exact: true }).click();
    await page.getByRole('button', { name: 'Lift the suspension for a dispute' }).press('Enter');
    const lifting = page.getByRole('dialog', { name: 'Lift the suspension for a dispute' });
    await lifting.getByRole('button', { name: /^Lift/ }).press('Enter');
    await page.getByText('The suspension is lifted, and access has resumed.').waitFor();
    await page.getByRole('button', { name: 'Lift the suspension for a dispute' }).waitFor({ state: 'detached' });
    expect((await api.ask('GET', `/v1/accounts/${disputed.id}/gate`, { key: api.service })).body.allowed).toBe(true);
  },
);

inBrowser(
  'C2 an admin sees the workflow’s state, and closes the account only by typing its id',
  async ({ visit, api }) => {
    const { page } = await visit({ key: api.admin, path: `/accounts/${account.id}` });
    await page.getByRole('region', { name: 'Workflow' }).getByText('What it holds now').waitFor();
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Close the account' }).press('Enter');
    const dialog = page.getByRole('dialog');
    const close = dialog.getByRole('button', { name: 'Close the account' });
    await dialog.getByLabel('Reason').fill('The customer has asked for it.');
    await dialog.getByLabel(`Type ${account.id} to confirm`).fill(account.id);
    // What becomes of the money is still to be said.
    expect(await close.isDisabled()).toBe(true);
    await dialog.getByLabel('It goes back to the cards').check();
    await dialog.getByLabel(`Type ${account.id} to confirm`).fill('another');
    expect(await close.isDisabled()).toBe(true);
    await dialog.getByLabel(`Type ${account.id} to confirm`).fill(account.id);
    await expectAccessible(page);
    await close.press('Enter');
    await dialog.waitFor({ state: 'detached' });
    await page.getByText('account closed').waitFor();
    expect(await page.getByRole('button', { name: 'Close the account' }).count()).toBe(0);
    await narrow(page);
    const gate = await api.ask('GET', `/v1/accounts/${account.id}/gate`, { key: api.service });
    expect(gate.body.reasons).toContain('account_closed');
  },
);

inBrowser('who is no admin is not led to these pages', async ({ visit, api }) => {
  const other = await openAccount(api);
  for (const path of ['/limit-requests', '/rejected-usage', '/reconcile', '/system']) {
    const { page } = await visit({ key: other.owner, path });
    await page.getByText('This page is not for your role').waitFor();
  }
});

inBrowser('nothing in these pages breaks a rule of the browser’s', ({ expectNoComplaints }) => {
  expectNoComplaints();
});
