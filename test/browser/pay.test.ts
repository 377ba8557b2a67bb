/** Paying: what is said before and after, by keyboard too; and one charge, whatever happens to the page in the middle. */
import type { Page } from 'playwright-core';
import { adjust, openAccount, TEST_WEBHOOK_SECRETS, type TestAccount, type TestApi } from '../support/api';
import {
  addCard,
  answerByIngress,
  endSession,
  expectAccessible,
  expectNoSidewaysScroll,
  loseAnswer,
  tabTo,
  testsInBrowser,
  type ConsoleHarness,
} from '../support/browser';
import { controlsOf, repeated } from '../support/controls';
import { until } from '../support/notices';

const inBrowser = testsInBrowser();

/** An account of its own for each test: none sees another's payments. */
async function opened(api: TestApi, balance: string, ...cards: string[]): Promise<TestAccount> {
  const account = await openAccount(api, balance);
  for (const card of cards) await addCard(api, account, card);
  return account;
}

const toPay = { path: '/pay' };
const amountIn = (page: Page) => page.getByLabel('Amount', { exact: true });
const payButton = (page: Page, amount: string) => page.getByRole('button', { name: `Pay ${amount}`, exact: true });
const receiptOf = (page: Page) => page.getByTestId('receipt');

/** Charges at Stripe that succeeded, beside what the ledger has credited: they are to be the same. */
async function chargesOf({ api, world }: ConsoleHarness, { id, owner }: TestAccount): Promise<number> {
  const { rows } = await api.database.pool.query<{ c: string }>(
    'select stripe_customer_id as c from accounts where id = $1',
    [id],
  );
  const charges = await world.stripe.charges.list({ customer: rows[0]!.c, limit: 100 });
  const paid = charges.data.filter(({ status }) => status === 'succeeded').length;
  const { body } = await api.ask('GET', `/v1/accounts/${id}/transactions`, { key: owner });
  expect(body.data.filter(({ kind }: { kind: string }) => kind === 'prepayment')).toHaveLength(paid);
  return paid;
}

inBrowser(
  'S1 who is new has no balance yet, and one next step; a balance that is used up is told from that',
  async (harness) => {
    const { api, visit } = harness;
    const account = await openAccount(api);
    const { page } = await visit({ key: account.owner });
    await page
      .getByText('There is no balance yet, so inference is not running. Add a prepayment to start it.', { exact: true })
      .waitFor();
    await page.getByTestId('balance').getByText('No balance yet').waitFor();
    await expectAccessible(page);
    await adjust(api, account.id, '5.00');
    await page.getByTestId('balance').getByText('$5.00').waitFor();
    await adjust(api, account.id, '-5.00');
    await page.getByText('The balance is used up and access is suspended. Add a prepayment to resume it.').waitFor();
    await page.getByTestId('balance').getByText('Suspended').waitFor();
  },
);

inBrowser('P2 who is suspended pays by keyboard alone, sees it all before, and is let in again', async (harness) => {
  const { api, visit } = harness;
  const account = await opened(api, '-2.00', 'pm_card_visa', 'pm_card_mastercard');
  const { page } = await visit({ key: account.owner });
  await page.getByText('access is suspended').first().waitFor();
  await tabTo(page, page.getByRole('link', { name: 'Add prepayment' }));
  await page.keyboard.press('Enter');
  await tabTo(page, amountIn(page));
  await page.keyboard.type('1,025.50');
  await tabTo(page, page.getByRole('radio', { name: /^Visa ending in 4242/ }));
  await page.keyboard.press('ArrowDown');
  const what = page.getByRole('region', { name: 'What happens' });
  for (const shown of ['−$2.00', '$1,025.50', '$1,023.50']) await what.getByText(shown, { exact: true }).waitFor();
  await expectAccessible(page);
  await tabTo(page, payButton(page, '$1,025.50'));
  await page.keyboard.press('Enter');
  const receipt = receiptOf(page);
  await receipt.getByText('$1,025.50 was added to your balance. Access has resumed.').waitFor();
  await receipt.getByText('$1,023.50', { exact: true }).waitFor();
  await receipt.getByRole('link', { name: 'Receipt' }).waitFor();
  await expectAccessible(page);
  expect((await api.ask('GET', `/v1/accounts/${account.id}/gate`, { key: api.service })).body.allowed).toBe(true);
  await page.reload();
  await receipt.getByText('$1,025.50 was added to your balance.').waitFor();
  expect(await chargesOf(harness, account)).toBe(1);
  const [charge] = (await harness.world.stripe.charges.list({ limit: 1 })).data;
  expect(charge?.payment_method_details?.card?.brand).toBe('mastercard');
});

inBrowser('P2 a double click on Pay is one charge', async (harness) => {
  const account = await opened(harness.api, '1.00', 'pm_card_visa');
  const { page } = await harness.visit({ key: account.owner, ...toPay });
  await amountIn(page).fill('25');
  await payButton(page, '$25.00').dblclick();
  await receiptOf(page).waitFor();
  expect(await chargesOf(harness, account)).toBe(1);
});

inBrowser('P2 a page that is reloaded in mid-payment finishes that payment, once', async (harness) => {
  const account = await opened(harness.api, '1.00', 'pm_card_visa');
  const { page } = await harness.visit({ key: account.owner, ...toPay });
  const lost = await loseAnswer(page, '**/prepayments', 'hang');
  await amountIn(page).fill('25');
  await payButton(page, '$25.00').click();
  await lost.done;
  await page.reload();
  await page.getByText('A payment of $25.00 was sent').waitFor();
  expect(await page.getByRole('button', { name: 'Pay', exact: true }).isDisabled()).toBe(true);
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Finish this payment' }).click();
  await receiptOf(page).getByText('$25.00 was added').waitFor();
  expect(await chargesOf(harness, account)).toBe(1);
});

inBrowser('P2 a connection lost after the click is said; back again, the payment is made once', async (harness) => {
  const account = await opened(harness.api, '1.00', 'pm_card_visa');
  const { page } = await harness.visit({ key: account.owner, ...toPay });
  const lost = await loseAnswer(page, '**/prepayments', 'cut');
  await amountIn(page).fill('30');
  await payButton(page, '$30.00').click();
  await lost.done;
  await page.getByText('The connection was lost').first().waitFor();
  expect(await amountIn(page).inputValue()).toBe('30');
  await page.getByRole('button', { name: 'Finish this payment' }).click();
  await receiptOf(page).getByText('$30.00 was added').waitFor();
  expect(await chargesOf(harness, account)).toBe(1);
});

inBrowser('P2 what an ingress answers is no clear no: the payment is finished under its key, once', async (harness) => {
  for (const status of [404, 403]) {
    const account = await opened(harness.api, '1.00', 'pm_card_visa');
    const { page } = await harness.visit({ key: account.owner, ...toPay });
    await answerByIngress(page, '**/prepayments', status);
    await amountIn(page).fill('30');
    await payButton(page, '$30.00').click();
    await page.getByText('The outcome is not known yet').waitFor();
    await expectAccessible(page);
    await page.reload();
    await page.getByRole('button', { name: 'Finish this payment' }).click();
    await receiptOf(page).getByText('$30.00 was added').waitFor();
    expect(await chargesOf(harness, account)).toBe(1);
  }
});

inBrowser(
  'P2 the same form in two tabs, paid in both at once or one after the other, is one charge',
  async (harness) => {
    const account = await opened(harness.api, '1.00', 'pm_card_visa');
    const { page, context } = await harness.visit({ key: account.owner, ...toPay });
    const others = [await context.newPage(), await context.newPage()];
    for (const other of others) await other.goto(page.url());
    for (const tab of [page, ...others]) await amountIn(tab).fill('25');
    const [second, third] = others as [Page, Page];
    // Whichever is later finds the other's payment running or made; what it sends has the same key.
    await Promise.all([page, second].map((tab) => payButton(tab, '$25.00').dispatchEvent('click')));
    await until(
      () => Promise.all([page, second].map((tab) => receiptOf(tab).isVisible())),
      (seen) => seen.includes(true),
    );
    await third.getByText('This form was used in another tab').waitFor();
    expect(await payButton(third, '$25.00').isDisabled()).toBe(true);
    expect(await amountIn(third).inputValue()).toBe('25');
    expect(await chargesOf(harness, account)).toBe(1);
    await third.getByRole('button', { name: 'Start a new payment' }).click();
    await payButton(third, '$25.00').click();
    await receiptOf(third).waitFor();
    expect(await chargesOf(harness, account)).toBe(2);
  },
);

inBrowser(
  'P2 a form whose answer was lost is not made another payment by a new one that was begun in another tab',
  async (harness) => {
    const account = await opened(harness.api, '1.00', 'pm_card_visa');
    const { page, context } = await harness.visit({ key: account.owner, ...toPay });
    const other = await context.newPage();
    await other.goto(page.url());
    let lose = (): void => undefined;
    const whenLost = new Promise<void>((resolve) => (lose = resolve));
    await page.route(
      '**/prepayments',
      async (route) => {
        await route.fetch();
        await whenLost;
        await route.abort('connectionreset');
      },
      { times: 1 },
    );
    await amountIn(page).fill('25');
    await payButton(page, '$25.00').click();
    await other.getByRole('button', { name: 'Start a new payment' }).click();
    lose();
    await page.getByText('This form was used in another tab').waitFor();
    expect(await payButton(page, '$25.00').isDisabled()).toBe(true);
    await until(
      () => chargesOf(harness, account),
      (charges) => charges === 1,
    );
  },
);

inBrowser(
  'P2 a session that ends while the form is filled: signed in on top, the input is there, one charge',
  async (harness) => {
    const { api } = harness;
    const account = await opened(api, '1.00', 'pm_card_visa', 'pm_card_mastercard');
    const visit = await harness.visit({ key: account.owner, ...toPay });
    const { page } = visit;
    await amountIn(page).fill('40');
    await page.getByRole('radio', { name: /^Mastercard/ }).check();
    await endSession(api, visit);
    // In the moment before the page knows.
    await payButton(page, '$40.00').dispatchEvent('click');
    const dialog = page.getByRole('dialog', { name: 'Sign in again' });
    await expectAccessible(page);
    await dialog.getByLabel('Key').fill(account.owner);
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'detached' });
    await page.getByText('nothing was charged. Sign in and pay again').waitFor();
    expect(await page.getByRole('radio', { name: /^Mastercard/ }).isChecked()).toBe(true);
    // The stream, which had ended with the session, is there again: the balance moves by itself.
    await adjust(api, account.id, '5.00');
    await page.getByRole('region', { name: 'What happens' }).getByText('$6.00', { exact: true }).waitFor();
    await payButton(page, '$40.00').click();
    await receiptOf(page).getByText('$40.00 was added').waitFor();
    expect(await chargesOf(harness, account)).toBe(1);
  },
);

inBrowser('P2 a declined card is said in plain words with the next step; another method pays', async (harness) => {
  const account = await opened(harness.api, '1.00', 'pm_sim_charge_insufficient_funds', 'pm_card_mastercard');
  const { page } = await harness.visit({ key: account.owner, ...toPay });
  await amountIn(page).fill('25');
  await payButton(page, '$25.00').click();
  const alert = page.getByRole('alert').filter({ hasText: 'Nothing was charged' });
  await alert.getByText(/insufficient funds/i).waitFor();
  await expectAccessible(page);
  expect(await chargesOf(harness, account)).toBe(0);
  await page.getByRole('radio', { name: /^Mastercard/ }).check();
  await payButton(page, '$25.00').click();
  await receiptOf(page).waitFor();
  expect(await chargesOf(harness, account)).toBe(1);
});

inBrowser(
  'A10, A17 a first decline is named with its card, its reason and when it is tried again; another card is, at once',
  async ({ visit, api, world }) => {
    const account = await opened(api, '20.00');
    const { body: card } = await addCard(api, account);
    await turnOn(api, account);
    await world.simulate('POST', `/payment-methods/${card.id}/behavior`, { chargeDecline: 'insufficient_funds' });
    await adjust(api, account.id, '-20.00');
    const { page } = await visit({ key: account.owner });
    await page
      .getByText(
        /^The last charge of \$25\.00 was declined \(Visa ending in 4242: the card has insufficient funds\)\. It is tried again at \d\d:\d\d UTC\. Make a card that works primary, and it is tried at once\.$/,
      )
      .waitFor();
    // Nothing is being charged meanwhile: an admin sees that, too.
    await page.getByTestId('balance').getByText('Charge declined').waitFor();
    const { page: admin } = await visit({ key: api.admin, path: `/accounts/${account.id}` });
    const now = admin.getByRole('region', { name: 'Now' });
    await now.getByText('Charge declined').waitFor();
    await now.getByText(/^the card is tried again at \d\d:\d\d UTC$/).waitFor();
    // In the list of accounts it is called the same.
    await admin.goto(`${api.url}/accounts?q=${account.id}`);
    const listed = admin.getByRole('row').filter({ hasText: account.id });
    await listed.getByText('Charge declined').waitFor();
    expect(await listed.getByText('Reloading').count()).toBe(0);
    await expectAccessible(page);
    const { page: paying } = await visit({ key: account.owner, ...toPay });
    await paying.getByRole('radio', { name: /^Visa ending in 4242 .*declined last time$/ }).waitFor();
    // The window says what is owed, not that nothing is due while the balance lies below the threshold.
    await paying.goto(`${api.url}/overview?window=auto-reload`);
    await paying
      .getByRole('region', { name: 'What is charged now' })
      .getByText(/^Nothing now\. The reload of \$25\.00 was declined, and it is tried again at \d\d:\d\d UTC\.$/)
      .waitFor();
    await paying.getByText('$25.00 reloaded this month, with the reload that is not paid yet.').waitFor();
    await expectAccessible(paying);
    await addCard(api, account, 'pm_card_mastercard');
    await page.getByRole('link', { name: 'Payment methods' }).click();
    await page
      .getByText(/UTC\. It is tried again at \d\d:\d\d UTC\. Another card that you make primary is charged at once\.$/)
      .waitFor();
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Make primary: Mastercard ending in 4444' }).click();
    await page.getByText('2. Mastercard ending in 4444: paid').waitFor();
    // Nothing is promised of a card that has no role any more.
    await page.getByText(/^Declined because the card has insufficient funds, [^.]+ UTC\.$/).waitFor();
  },
);

/** Pays in advance with the primary card, which auto-reload asks for, and turns it on. */
async function turnOn(api: ConsoleHarness['api'], account: Awaited<ReturnType<typeof opened>>): Promise<void> {
  const ask = (method: string, path: string, body: object) =>
    api.ask(method, `/v1/accounts/${account.id}/${path}`, {
      key: account.owner,
      body,
      headers: { 'Idempotency-Key': 'first' },
    });
  await ask('POST', 'prepayments', { amount: '5.00' });
  await ask('PUT', 'auto-reload', { threshold: '10.00', amount: '25.00', acceptTerms: true });
}

/** Two cards and auto-reload; `decline` has a card refuse what it is charged. */
async function reloading({ api, world }: ConsoleHarness) {
  const account = await opened(api, '20.00');
  const { body: primary } = await addCard(api, account);
  const { body: backup } = await addCard(api, account, 'pm_card_mastercard', 'backup');
  await turnOn(api, account);
  const decline = ({ id }: { id: string }, chargeDecline: string | null) =>
    world.simulate('POST', `/payment-methods/${id}/behavior`, { chargeDecline });
  return { account, primary, backup, decline };
}

inBrowser('A6 a reload that the backup paid names both cards, until the primary is another one', async (harness) => {
  const { api, visit } = harness;
  const { account, primary, backup, decline } = await reloading(harness);
  await decline(primary, 'insufficient_funds');
  await adjust(api, account.id, '-20.00');
  const why = 'Visa ending in 4242: the card has insufficient funds';
  const { page } = await visit({ key: account.owner });
  const banner = page.getByRole('region', { name: 'Prepayment balance' });
  await banner
    .getByText(
      `Inference is running. The last reload was paid with the backup, Mastercard ending in 4444, as the primary was declined (${why}). Check the primary: each reload asks it first.`,
    )
    .waitFor();
  await page
    .getByRole('region', { name: 'Last reloads' })
    .getByText(`Paid with Mastercard ending in 4444, after ${why}`)
    .waitFor();
  await expectAccessible(page);
  // Who may not see the methods reads what was so.
  const { page: member } = await visit({ key: account.member });
  await member.getByText(`as the primary was declined (${why}). An owner of the account can fix it.`).waitFor();
  await banner.getByRole('link', { name: 'Payment methods' }).waitFor();
  await api.ask('PATCH', `/v1/accounts/${account.id}/payment-methods/${backup.id}`, {
    key: account.owner,
    body: { role: 'primary' },
  });
  await banner.getByText('Inference is running.', { exact: true }).waitFor();
  await expectAccessible(page);
});

inBrowser('A6 a charge that both cards declined names both', async (harness) => {
  const { api, visit } = harness;
  const { account, primary, backup, decline } = await reloading(harness);
  await decline(primary, 'insufficient_funds');
  await decline(backup, 'do_not_honor');
  await adjust(api, account.id, '-20.00');
  const { page } = await visit({ key: account.owner });
  await page
    .getByText(
      /^The last charge of \$25\.00 was declined \(Visa ending in 4242: the card has insufficient funds; Mastercard ending in 4444: the bank declined it without a reason\)\. It is tried again at/,
    )
    .waitFor();
  await expectAccessible(page);
});

inBrowser(
  'A17 a card that declined a prepayment is called so where one pays and where methods are kept',
  async (harness) => {
    const { api, visit } = harness;
    const { account, primary, decline } = await reloading(harness);
    const { page } = await visit({ key: account.owner, path: '/payments' });
    const methods = page.getByRole('table', { name: 'Payment methods' });
    await methods.getByText('Usable').first().waitFor();
    await decline(primary, 'insufficient_funds');
    const prepay = (key: string) =>
      api.ask('POST', `/v1/accounts/${account.id}/prepayments`, {
        key: account.owner,
        body: { amount: '5.00' },
        headers: { 'Idempotency-Key': key },
      });
    expect((await prepay('declined')).status).toBe(402);
    // The page is told, and is not loaded again.
    await methods
      .getByText(/^Declined because the card has insufficient funds, [^.]+ UTC\. The next reload tries it again\.$/)
      .waitFor();
    const { page: paying } = await visit({ key: account.owner, ...toPay });
    await paying.getByRole('radio', { name: /^Visa ending in 4242 .*declined last time$/ }).waitFor();
    await decline(primary, null);
    expect((await prepay('paid')).status).toBe(201);
    await methods.getByText('Declined last time').waitFor({ state: 'detached' });
    await paying.getByRole('radio', { name: /^Visa ending in 4242 [^·]+· expires \d\d\/\d{4}$/ }).waitFor();
  },
);

inBrowser(
  'C1 two cards with the same brand and digits can be told apart wherever they are named',
  async ({ api, world, visit }) => {
    const account = await opened(api, '20.00');
    const card = { number: '4242424242424242', exp_month: 6, cvc: '123' };
    for (const exp_year of [2031, 2032, 2032]) {
      const { id } = await world.stripe.paymentMethods.create({ type: 'card', card: { ...card, exp_year } });
      await addCard(api, account, id);
    }
    const { page } = await visit({ key: account.owner, path: '/payments' });
    const [old, newer] = ['Visa ending in 4242, expires 06/2031', 'Visa ending in 4242, expires 06/2032'];
    await page.getByRole('button', { name: `Make backup: ${newer}, no. 1`, exact: true }).press('Enter');
    await page.getByText(`${newer}, no. 1 is now the backup method.`).waitFor();
    await page.getByRole('button', { name: `Remove: ${newer}, backup`, exact: true }).waitFor();
    await page.getByRole('button', { name: `Remove: ${old}`, exact: true }).waitFor();
    expect(repeated(await controlsOf(page))).toEqual([]);
    await page.getByRole('button', { name: `Remove: ${newer}`, exact: true }).press('Enter');
    await page.getByRole('dialog').getByText(`${newer} can no longer be charged.`).waitFor();
    await expectAccessible(page);
    await page.goto(`${api.url}/pay`);
    await page.getByRole('radio', { name: `${old} Primary`, exact: true }).waitFor();
    expect(repeated(await controlsOf(page))).toEqual([]);
    await page.setViewportSize({ width: 390, height: 844 });
    await expectNoSidewaysScroll(page);
    await page.goto(`${api.url}/overview?window=auto-reload`);
    await page.getByText(`Charges ${old} first. If that fails, ${newer}, backup.`).waitFor();
  },
);

inBrowser('P2 a comma that may mean cents pays nothing: it is said how cents are written', async (harness) => {
  const account = await opened(harness.api, '1.00', 'pm_card_visa');
  const { page } = await harness.visit({ key: account.owner, ...toPay });
  await amountIn(page).fill('12,50');
  await page.getByRole('alert').getByText('Write cents after a dot, such as 12.50.').waitFor();
  expect(await page.getByRole('button', { name: 'Pay', exact: true }).isDisabled()).toBe(true);
  await expectAccessible(page);
  await page.keyboard.press('Enter');
  await amountIn(page).fill('1,250.00');
  await payButton(page, '$1,250.00').waitFor();
  await amountIn(page).fill('12.50');
  await payButton(page, '$12.50').click();
  await receiptOf(page).getByText('$12.50 was added').waitFor();
  expect(await chargesOf(harness, account)).toBe(1);
});

inBrowser('P2 a payment whose page was left is told by a toast, and what is typed elsewhere stays', async (harness) => {
  const account = await opened(harness.api, '1.00', 'pm_card_visa');
  const { page } = await harness.visit({ key: account.owner, ...toPay });
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  await page.route('**/prepayments', async (route) => {
    if (route.request().method() === 'POST') await held;
    await route.continue();
  });
  await amountIn(page).fill('25');
  await payButton(page, '$25.00').click();
  await page.getByText('Stay or leave').waitFor();
  await page.getByRole('link', { name: 'Team and keys' }).click();
  await page.getByRole('button', { name: 'Add a member' }).click();
  const name = page.getByRole('dialog').getByLabel('Name');
  await name.fill('Ada');
  release();
  await page.getByText('The payment of $25.00 is made: it was added to your balance.').waitFor();
  expect(await name.inputValue()).toBe('Ada');
  expect(new URL(page.url()).pathname).toBe('/team');
  expect(await chargesOf(harness, account)).toBe(1);
});

inBrowser('P2 nobody who has left the page is led to the provider’s', async ({ api, visit }) => {
  const account = await opened(api, '1.00');
  const { page } = await visit({ key: account.owner, ...toPay });
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  await page.route('**/checkout', async (route) => {
    await held;
    await route.continue();
  });
  await amountIn(page).fill('25');
  await page.getByRole('button', { name: 'Continue to pay $25.00' }).click();
  await page.getByRole('link', { name: 'Transactions' }).click();
  await page.getByRole('table', { name: 'Transactions' }).waitFor();
  release();
  await page.getByText('The payment of $25.00 waits on the payment provider’s page').waitFor();
  expect(page.url()).toBe(`${api.url}/transactions`);
  await page.goto(`${api.url}/pay`);
  await page.getByRole('button', { name: 'Continue there' }).waitFor();
});

inBrowser(
  'A11 a card that was declined for good can be chosen, with the warning; a charge ends its mark',
  async (harness) => {
    const { api, visit } = harness;
    const account = await opened(api, '1.00', 'pm_card_visa');
    const marked = async () =>
      (
        await api.database.pool.query(
          'select unusable_because from payment_methods where account_id = $1 and removed_at is null',
          [account.id],
        )
      ).rows[0].unusable_because;
    await api.database.pool.query(
      `update payment_methods set unusable_because = 'expired_card' where account_id = $1`,
      [account.id],
    );
    const { page } = await visit({ key: account.owner, ...toPay });
    await amountIn(page).fill('25');
    const card = page.getByRole('radio', { name: /declined for good: it will most likely be declined again$/ });
    await card.waitFor();
    // It is not chosen beforehand.
    expect(await card.isChecked()).toBe(false);
    await card.check();
    await expectAccessible(page);
    await payButton(page, '$25.00').click();
    await receiptOf(page).getByText('$25.00 was added').waitFor();
    expect(await marked()).toBe(null);
  },
);

inBrowser('P2 nothing can be paid while the balance is not known; that is said, and tried again', async (harness) => {
  const account = await opened(harness.api, '1.00', 'pm_card_visa');
  const { page } = await harness.visit({ key: account.owner, path: '/usage' });
  await page.getByRole('link', { name: 'Payments' }).waitFor();
  await page.clock.install();
  const ofAccount = `**/v1/accounts/${account.id}`;
  await page.route(ofAccount, (route) => route.abort('connectionreset'));
  await page.route('**/auto-reload', (route) => route.abort('connectionreset'));
  await page.goto(`${harness.api.url}/pay`);
  await amountIn(page).fill('25');
  const unread = (what: string) => page.getByRole('alert').filter({ hasText: `${what} could not be loaded.` });
  await until(
    async () => {
      await page.clock.runFor(2_000);
      return (await unread('Your balance').count()) + (await unread('What may be paid at once').count());
    },
    (count) => count === 2,
  );
  expect(await payButton(page, '$25.00').isDisabled()).toBe(true);
  await expectAccessible(page);
  await page.unroute(ofAccount);
  await page.unroute('**/auto-reload');
  await unread('Your balance').getByRole('button', { name: 'Try again' }).press('Enter');
  await page.getByText('$26.00', { exact: true }).waitFor();
  await unread('What may be paid at once').getByRole('button', { name: 'Try again' }).press('Enter');
  await page.getByText('From $5.00 to $10,000.00, in whole cents.').waitFor();
  expect(await payButton(page, '$25.00').isDisabled()).toBe(false);
});

inBrowser('P2 an amount that may not be paid is said at its field', async ({ api, visit }) => {
  const account = await opened(api, '1.00', 'pm_card_visa');
  const { page } = await visit({ key: account.owner, ...toPay, viewport: { width: 390, height: 844 } });
  await page.getByText('From $5.00 to $10,000.00, in whole cents.').waitFor();
  for (const wrong of ['1', '20000', '10.005', 'ten']) {
    await amountIn(page).fill(wrong);
    await page.keyboard.press('Enter');
    await until(
      () => amountIn(page).getAttribute('aria-invalid'),
      (invalid) => invalid === 'true',
    );
    await expectAccessible(page);
    await amountIn(page).fill('');
  }
  await expectNoSidewaysScroll(page);
  // The range is the API's, not the page's.
  await page.route('**/auto-reload', async (route) => {
    const settings = await (await route.fetch()).json();
    await route.fulfill({
      json: { ...settings, ranges: { ...settings.ranges, prepayment: { min: '7.00', max: '70.00' } } },
    });
  });
  await page.reload();
  await page.getByText('From $7.00 to $70.00, in whole cents.').waitFor();
});

/** Links that leave Ballast come back to the API of this test. */
async function leadBack({ context }: { context: ReturnType<Page['context']> }, api: TestApi): Promise<void> {
  const isOfTheBank = ({ origin, pathname }: URL) => origin !== api.url && pathname.startsWith('/confirm/');
  await context.route(isOfTheBank, async (route) => {
    // Where a request is redirected to, a route is not asked: so the answer that redirects is changed.
    const response = await route.fetch({ maxRedirects: 0 });
    const { location, ...headers } = response.headers();
    const back = location && { location: location.replace('https://ballast.test', api.url) };
    await route.fulfill({ response, headers: { ...headers, ...back } });
  });
}

inBrowser('P2 3-D Secure: the owner confirms at the bank, and the page shows it paid', async (harness) => {
  const account = await opened(harness.api, '1.00', 'pm_card_authenticationRequired');
  const visit = await harness.visit({ key: account.owner, ...toPay });
  await leadBack(visit, harness.api);
  const { page, context } = visit;
  await amountIn(page).fill('25');
  await payButton(page, '$25.00').click();
  const confirm = page.getByRole('link', { name: 'Confirm at the bank' });
  await confirm.waitFor();
  await expectAccessible(page);
  await page.goto(`${harness.api.url}/payments`);
  await page.getByRole('link', { name: /^Confirm the payment of/ }).click();
  const bank = await context.newPage();
  await bank.goto((await confirm.getAttribute('href'))!);
  await bank.getByRole('button', { name: 'Confirm', exact: true }).click();
  await bank.getByText('was added to the balance').waitFor();
  await receiptOf(page).getByText('$25.00 was added').waitFor();
  expect(await chargesOf(harness, account)).toBe(1);
});

inBrowser('P2 a third-party provider: there and back, left or paid, once', async (harness) => {
  const account = await opened(harness.api, '-1.00');
  const { page } = await harness.visit({ key: account.owner, ...toPay });
  const toProvider = async () => {
    await amountIn(page).fill('50');
    await page.getByRole('button', { name: 'Continue to pay $50.00' }).click();
    await page.getByRole('heading', { name: 'Pay', exact: true }).waitFor();
  };
  await toProvider();
  await page.getByRole('link', { name: 'Cancel and return' }).click();
  await page.getByText('You left without paying: nothing was charged so far.').waitFor();
  await toProvider();
  await page.goBack();
  await page.getByText('A payment of $50.00 waits on the payment provider’s page').waitFor();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Continue there' }).click();
  await page.getByRole('button', { name: 'Pay with a third-party provider' }).click();
  await receiptOf(page).getByText('$50.00 was added').waitFor();
  await receiptOf(page).getByText('$49.00', { exact: true }).waitFor();
  expect(await chargesOf(harness, account)).toBe(1);
});

inBrowser(
  'P2 a payment that was left on the provider’s page is not paid yet, and can be paid there',
  async (harness) => {
    const account = await opened(harness.api, '1.00');
    const { page } = await harness.visit({ key: account.owner, ...toPay });
    await amountIn(page).fill('50');
    await page.getByRole('button', { name: 'Continue to pay $50.00' }).click();
    await page.getByRole('link', { name: 'Cancel and return' }).click();
    await page.getByText('The payment’s page stays open for a day and may still be paid: see Payments.').waitFor();
    await expectAccessible(page);
    await page.getByRole('link', { name: 'Payments' }).first().click();
    const row = page.getByRole('table', { name: 'Prepayments' }).getByRole('row').nth(1);
    await row.getByText('Not paid yet').waitFor();
    expect(await row.getByText('Processing').count()).toBe(0);
    await expectAccessible(page);
    const { page: member } = await harness.visit({ key: account.member, path: '/payments' });
    await member.getByText('Not paid yet').waitFor();
    expect(await member.getByRole('link', { name: /^Pay or see/ }).count()).toBe(0);
    await row.getByRole('link', { name: /^Pay or see the payment of/ }).click();
    await page.getByText('The payment of $50.00 is not paid yet').waitFor();
    await expectAccessible(page);
    await page.getByRole('link', { name: 'Continue there' }).click();
    await page.getByRole('button', { name: 'Pay with a third-party provider' }).click();
    await receiptOf(page).getByText('$50.00 was added').waitFor();
    await page.goto(`${harness.api.url}/payments`);
    await row.getByText('Paid', { exact: true }).waitFor();
    expect(await chargesOf(harness, account)).toBe(1);
  },
);

inBrowser(
  'P2 a card saved on the provider’s page is named on return; without one, the page says so',
  async (harness) => {
    const account = await opened(harness.api, '1.00', 'pm_card_visa');
    const phone = { width: 390, height: 844 };
    const { page } = await harness.visit({ key: account.owner, path: '/payments', viewport: phone });
    const toProvider = async () => {
      const add = page.getByRole('button', { name: 'Add a method' });
      // On a phone it stands beside its heading.
      const heading = (await page.getByRole('heading', { name: 'Payment methods' }).boundingBox())!;
      const button = (await add.boundingBox())!;
      expect(button.y).toBeLessThan(heading.y + heading.height);
      await add.click();
      await page.getByRole('heading', { name: 'Save a card' }).waitFor();
    };
    await toProvider();
    await page.getByRole('link', { name: 'Cancel and return' }).click();
    const back = page.getByText('You are back from the payment provider. If you saved a method there');
    await back.waitFor();
    await toProvider();
    await page.getByRole('radio', { name: /^Mastercard 4444/ }).check();
    const webhooks = { url: `${harness.api.url}/v1/webhooks/stripe`, secret: TEST_WEBHOOK_SECRETS[0] };
    await harness.world.simulate('POST', '/webhooks/url', webhooks);
    await page.getByRole('button', { name: 'Save this card' }).click();
    await page.getByText('Mastercard ending in 4444 is saved. Make it primary or backup').waitFor();
    expect(await back.count()).toBe(0);
    expect(new URL(page.url()).search).toBe('');
    await expectAccessible(page);
    await expectNoSidewaysScroll(page);
    await page.getByRole('button', { name: 'Make primary: Mastercard ending in 4444' }).click();
    await page.getByText('Mastercard ending in 4444 is saved as the primary method.').waitFor();
    await harness.world.simulate('POST', '/webhooks/url', { url: null });
  },
);

inBrowser('nothing in these pages breaks a rule of the browser’s', ({ expectNoComplaints }) => expectNoComplaints());
