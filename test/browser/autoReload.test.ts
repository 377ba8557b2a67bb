/** The auto-reload window: the words of the source, what is charged said before, and each way out, by keyboard too. */
import type { Locator, Page } from 'playwright-core';
import { adjust, openAccount, putModel, report, type TestAccount, type TestApi } from '../support/api';
import {
  addCard,
  endSession,
  expectAccessible,
  expectNoSidewaysScroll,
  tabTo,
  testsInBrowser,
  type ConsoleHarness,
} from '../support/browser';
import { until } from '../support/notices';

const inBrowser = testsInBrowser(async ({ api }) => void (await putModel(api, 'chat')), {
  policy: { retryDelaysMs: [0, 0] },
});

/** An account with a card on file and one purchase of $5.00 beside its other balance. */
async function buyer(api: TestApi, balance: string, card = 'pm_card_visa'): Promise<TestAccount & { method: string }> {
  const account = await openAccount(api, balance);
  const { body } = await addCard(api, account, card);
  await api.ask('POST', `/v1/accounts/${account.id}/prepayments`, {
    key: account.owner,
    body: { amount: '5.00' },
    headers: { 'Idempotency-Key': 'first' },
  });
  return { ...account, method: body.id };
}

const settingsOf = async (api: TestApi, { id, owner }: TestAccount) =>
  (await api.ask('GET', `/v1/accounts/${id}/auto-reload`, { key: owner })).body;
const reloadsOf = async (api: TestApi, { id, owner }: TestAccount): Promise<{ amount: string; status: string }[]> =>
  (await api.ask('GET', `/v1/accounts/${id}/reloads`, { key: owner })).body.data;
const enable = (api: TestApi, { id, owner }: TestAccount, threshold: string, amount: string) =>
  api.ask('PUT', `/v1/accounts/${id}/auto-reload`, { key: owner, body: { threshold, amount, acceptTerms: true } });

const open = { path: '/overview?window=auto-reload' };
const windowOf = (page: Page): Locator => page.getByRole('dialog', { name: 'Serverless Inference auto-reload' });
const thresholds = (page: Page) => page.getByRole('group', { name: 'Reload when balance reaches or goes below' });
const amounts = (page: Page) => page.getByRole('group', { name: 'Reload amount' });
const charged = (page: Page) => page.getByRole('region', { name: 'What is charged now' });
const enabling = (page: Page) => page.getByRole('checkbox', { name: 'Enable Serverless Inference auto-reload' });
const consent = (page: Page) => page.getByRole('checkbox', { name: /^I authorize/ });
const submit = (page: Page) => windowOf(page).getByRole('button', { name: 'Enable auto-reload' });

/** On a phone, too, the settings have most of the screen. */
const FOOT_SHARE_MAX = 0.25;

/** What is agreed to, and the button, are on the screen before anything is scrolled. */
async function expectAgreementInSight(page: Page): Promise<void> {
  const screen = page.viewportSize()!.height;
  expect(screen - (await consent(page).boundingBox())!.y).toBeLessThan(screen * FOOT_SHARE_MAX);
  for (const control of [consent(page), submit(page)]) {
    await control.waitFor();
    const { y, height } = (await control.boundingBox())!;
    expect(y).toBeGreaterThanOrEqual(0);
    expect(y + height).toBeLessThanOrEqual(screen);
  }
}

/** Fills in what enabling takes, to the button. */
async function fillIn(page: Page, threshold: string, amount: string): Promise<void> {
  await enabling(page).check();
  await thresholds(page).getByRole('radio', { name: threshold, exact: true }).check();
  await amounts(page).getByRole('radio', { name: amount, exact: true }).check();
  await consent(page).check();
}

inBrowser(
  'A1, A2, A14 the owner enables it by keyboard alone: nothing is chosen beforehand, consent is kept',
  async ({ visit, api }) => {
    const account = await buyer(api, '3.00');
    await report(api, [{ id: 'past', accountId: account.id, model: 'chat', inputTokens: 1_000_000 }]);
    const { page } = await visit({ key: account.owner });
    const turnOn = page.getByRole('button', { name: 'Turn on auto-reload' });
    await tabTo(page, turnOn);
    await page.keyboard.press('Enter');
    await windowOf(page).waitFor();
    const names = (group: Locator) => group.locator('label').allTextContents();
    expect(await names(thresholds(page))).toEqual(['$5', '$10', '$25', 'Custom']);
    expect(await names(amounts(page))).toEqual(['$5', '$25', '$100', 'Custom']);
    expect(await windowOf(page).locator(':checked').count()).toBe(0);
    expect(await submit(page).isDisabled()).toBe(true);
    await expectAccessible(page);

    await tabTo(page, enabling(page));
    await page.keyboard.press('Space');
    await tabTo(page, thresholds(page).getByRole('radio').first());
    await page.keyboard.press('Space');
    await page.keyboard.press('ArrowRight');
    await tabTo(page, amounts(page).getByRole('radio').first());
    await page.keyboard.press('Space');
    await page.keyboard.press('ArrowRight');
    await charged(page).getByText('$25.00 is charged at once').waitFor();
    await charged(page).getByText('Charges Visa ending in 4242 first.').waitFor();
    for (const name of ['These settings', 'Auto-reload off'])
      await page.getByRole('img', { name: `Balance over time: ${name}`, exact: true }).waitFor();
    await expectAccessible(page);
    await tabTo(page, consent(page));
    await page.keyboard.press('Space');
    await tabTo(page, submit(page));
    await page.keyboard.press('Enter');
    await page.getByText('Auto-reload is on. $25.00 was charged and added.').waitFor();
    await page.getByTestId('balance').getByText('$32.00').waitFor();
    await page.getByText('Adds $25.00 when the balance reaches or goes below $10.00').waitFor();

    const { terms, ...settings } = await settingsOf(api, account);
    expect(settings).toMatchObject({ status: 'on', threshold: '10.00', amount: '25.00' });
    const { rows: consents } = await api.database.pool.query(
      'select actor, terms_version from consents where account_id = $1',
      [account.id],
    );
    expect(consents).toEqual([{ actor: `owner:owner@${account.id}.example`, terms_version: terms.version }]);
    expect(await reloadsOf(api, account)).toHaveLength(1);
  },
);

inBrowser(
  'a window whose settings come late has the focus on its first field, unless it has gone on',
  async (harness) => {
    const { page } = await harness.visit({ key: (await buyer(harness.api, '20.00')).owner });
    await page.getByRole('button', { name: 'Turn on auto-reload' }).waitFor();
    let answer = (): void => undefined;
    const isAsked = new Promise<void>((resolve) => (answer = resolve));
    await page.route('**/auto-reload', async (route) => {
      await isAsked;
      await route.continue();
    });
    await page.goto(`${harness.api.url}/overview?window=auto-reload`);
    await windowOf(page).getByText('Loading').waitFor({ state: 'attached' });
    await windowOf(page).locator('button:focus').waitFor();
    answer();
    await windowOf(page).locator('input[type=checkbox]:focus').first().waitFor();
    expect(await enabling(page).evaluate((box: { matches(of: string): boolean }) => box.matches(':focus'))).toBe(true);
  },
);

inBrowser('A18 where nothing was used there is nothing to try settings on, and that is said', async (harness) => {
  const { owner } = await openAccount(harness.api);
  const { page } = await harness.visit({ key: owner, ...open });
  await windowOf(page).getByText('There was no usage in the last 30 days').waitFor();
  expect(await windowOf(page).getByRole('img').count()).toBe(0);
  await expectAccessible(page);
});

inBrowser(
  'a window whose file can’t be reached says so in its place, and is there when it is tried again',
  async ({ visit, api }) => {
    const { page, complaints } = await visit({ key: (await buyer(api, '20.00')).owner });
    await page.getByTestId('balance').waitFor();
    await page.route(/healthz|AutoReloadWindow/, (route) => route.abort());
    await page.getByRole('button', { name: 'Turn on auto-reload' }).click();
    const again = windowOf(page).getByRole('button', { name: 'Try again' });
    await again.press('Enter');
    await expectAccessible(page);
    expect(await page.getByTestId('balance').count()).toBe(1);
    await page.unroute(/healthz|AutoReloadWindow/);
    // Sooner than it asks by itself.
    const asked = page.waitForRequest('**/healthz', { timeout: 2_000 });
    await again.press('Enter');
    await asked;
    await enabling(page).waitFor();
    complaints.splice(0);
  },
);

inBrowser(
  'A2, A16 an own amount, advice and a monthly limit: what may not be is said at its field, and charges nothing',
  async ({ visit, api }) => {
    const account = await buyer(api, '20.00');
    const { page } = await visit({ key: account.owner, ...open });
    await consent(page).waitFor();
    await expectAgreementInSight(page);
    await fillIn(page, 'Custom', '$25');
    const own = page.getByLabel('Reload when balance reaches or goes below: custom amount in dollars');
    for (const [typed, said] of [
      ['4.99', 'must be from 5.00 to 10000.00'],
      ['some', 'must be an amount in dollars'],
    ] as const) {
      await own.fill(typed);
      await thresholds(page).getByRole('alert').filter({ hasText: said }).waitFor();
      expect(await submit(page).isDisabled()).toBe(true);
      await expectAccessible(page);
    }
    await own.fill('17.50');
    await charged(page).getByText('Nothing now.').waitFor();
    await page.getByLabel('Monthly limit (optional)').fill('20');
    await windowOf(page).getByRole('alert').filter({ hasText: 'must be at least the reload amount' }).waitFor();
    await page.getByLabel('Monthly limit (optional)').fill('1,000');
    await charged(page).getByText('Nothing now.').waitFor();
    await page.setViewportSize({ width: 390, height: 844 });
    await expectNoSidewaysScroll(page);
    await expectAgreementInSight(page);
    await submit(page).click();
    await windowOf(page).waitFor({ state: 'detached' });
    expect(await settingsOf(api, account)).toMatchObject({
      threshold: '17.50',
      amount: '25.00',
      monthlyLimit: '1000.00',
    });
    expect(await reloadsOf(api, account)).toEqual([]);

    await page.getByRole('button', { name: 'Review auto-reload' }).click();
    await page.getByRole('button', { name: 'Use the recommended amounts' }).click();
    for (const name of ['These settings', 'Present settings'])
      await page.getByRole('img', { name: `Balance over time: ${name}`, exact: true }).waitFor();
    const { advice } = await settingsOf(api, account);
    expect(advice.threshold).toBe('10.00');
    expect(await thresholds(page).getByRole('radio', { name: '$10', exact: true }).isChecked()).toBe(true);
  },
);

inBrowser(
  'A5 what is charged now is said of the settings on the screen, or nothing can be agreed to',
  async ({ visit, api }) => {
    const account = await buyer(api, '3.00');
    const { page } = await visit({ key: account.owner, ...open });
    await fillIn(page, '$5', '$25');
    await charged(page).getByText('Nothing now.').waitFor();
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    await page.route('**/auto-reload/preview', async (route) => {
      await held;
      await route.continue();
    });
    await thresholds(page).getByRole('radio', { name: '$25', exact: true }).check();
    await charged(page).getByText('Asking …').waitFor();
    expect(await charged(page).getByText('Nothing now.').count()).toBe(0);
    expect(await submit(page).isDisabled()).toBe(true);
    release();
    await charged(page).getByText('$25.00 is charged at once').waitFor();
    await submit(page).dblclick();
    await page.getByText('Auto-reload is on. $25.00 was charged and added.').waitFor();
    expect(await reloadsOf(api, account)).toMatchObject([{ amount: '25.00', status: 'succeeded' }]);
  },
);

inBrowser(
  'A5 the preview is asked 150 ms after the last change, once, and an earlier answer that comes late is not shown',
  async ({ visit, api }) => {
    const account = await buyer(api, '20.00');
    const { page } = await visit({ key: account.owner, ...open });
    await fillIn(page, 'Custom', '$25');
    const own = page.getByLabel('Reload when balance reaches or goes below: custom amount in dollars');
    const asked: { threshold: string; answer: () => Promise<void> }[] = [];
    await page.route('**/auto-reload/preview', (route) => {
      const { threshold } = route.request().postDataJSON() as { threshold: string };
      asked.push({ threshold, answer: () => route.continue() });
    });
    const thresholdsAsked = () => asked.map(({ threshold }) => threshold);
    await page.clock.install();
    await page.clock.pauseAt(Date.now() + 60_000);
    await own.pressSequentially('17.50');
    await page.clock.runFor(149);
    expect(thresholdsAsked()).toEqual([]);
    await page.clock.runFor(1);
    await until(thresholdsAsked, (all) => all.length === 1);
    expect(thresholdsAsked()).toEqual(['17.50']);
    await own.fill('25.00');
    await page.clock.runFor(150);
    await until(thresholdsAsked, (all) => all.length === 2);
    await page.clock.resume();
    // The balance is above the first threshold and below the second: their answers differ.
    await asked[1]!.answer();
    await charged(page).getByText('$25.00 is charged at once').waitFor();
    const late = page.waitForResponse('**/auto-reload/preview');
    await asked[0]!.answer();
    await (await late).finished();
    expect(await charged(page).getByText('$25.00 is charged at once').isVisible()).toBe(true);
    expect(thresholdsAsked()).toEqual(['17.50', '25.00']);
  },
);

inBrowser(
  'A5 a first charge that is declined is said with the next step; nothing is enabled, the input stays',
  async ({ visit, api, world }) => {
    const account = await buyer(api, '1.00');
    await world.simulate('POST', `/payment-methods/${account.method}/behavior`, {
      chargeDecline: 'insufficient_funds',
    });
    const { page } = await visit({ key: account.owner, ...open });
    await fillIn(page, '$10', '$25');
    await submit(page).click();
    const alert = windowOf(page).getByRole('alert').filter({ hasText: 'nothing was charged' });
    await alert.getByText(/insufficient funds/).waitFor();
    await alert.getByRole('link', { name: 'Fix payment methods' }).waitFor();
    await expectAccessible(page);
    expect(await amounts(page).getByRole('radio', { name: '$25', exact: true }).isChecked()).toBe(true);
    expect((await settingsOf(api, account)).status).toBe('off');
  },
);

inBrowser('A1 what is missing is named before anything is sent, with the way there', async ({ visit, api }) => {
  const account = await openAccount(api, '20.00');
  const { page } = await visit({ key: account.owner, ...open });
  await windowOf(page).getByRole('link', { name: 'Add a payment method' }).first().waitFor();
  await addCard(api, account);
  await page.reload();
  await fillIn(page, '$5', '$25');
  await charged(page).getByRole('link', { name: 'Add prepayment' }).waitFor();
  await expectAccessible(page);
});

inBrowser(
  'A13 the owner pauses, resumes and disables by keyboard, and the focus is back where it was',
  async ({ visit, api }) => {
    const account = await buyer(api, '20.00');
    await enable(api, account, '10.00', '25.00');
    const { page } = await visit({ key: account.owner });
    const review = page.getByRole('button', { name: 'Review auto-reload' });
    await tabTo(page, review);
    await page.keyboard.press('Enter');
    const press = async (name: string) => {
      await tabTo(page, windowOf(page).getByRole('button', { name, exact: true }));
      await page.keyboard.press('Enter');
    };
    await press('Pause');
    await windowOf(page).getByText('Auto-reload is paused; its settings are kept.').waitFor();
    expect((await settingsOf(api, account)).status).toBe('paused');
    await press('Resume');
    await windowOf(page).getByText('Auto-reload is on again.').waitFor();
    expect((await settingsOf(api, account)).status).toBe('on');
    await press('Close');
    await windowOf(page).waitFor({ state: 'detached' });
    const isFocused = () =>
      review.evaluate(
        (element: { ownerDocument: { activeElement: unknown } }) => element === element.ownerDocument.activeElement,
      );
    expect(await isFocused()).toBe(true);
    await page.keyboard.press('Enter');
    await press('Disable');
    await windowOf(page).getByText('Disable auto-reload? When the balance').waitFor();
    await expectAccessible(page);
    await press('Disable');
    await windowOf(page).waitFor({ state: 'detached' });
    await page.getByText('Auto-reload is disabled. Owners get a confirmation by mail.').waitFor();
    expect((await settingsOf(api, account)).status).toBe('off');
  },
);

let disabled: ReturnType<typeof disableByFailures> | undefined;
/** Three strikes: the card that paid before declines everything. Made once, for all tests of it. */
const disabledAfterFailures = (harness: ConsoleHarness) => (disabled ??= disableByFailures(harness));

async function disableByFailures({ api, world }: ConsoleHarness) {
  const account = await buyer(api, '20.00');
  await enable(api, account, '10.00', '25.00');
  const behave = (chargeDecline: string | null) =>
    world.simulate('POST', `/payment-methods/${account.method}/behavior`, { chargeDecline });
  await behave('insufficient_funds');
  await report(api, [{ id: 'much', accountId: account.id, model: 'chat', inputTokens: 26_000_000 }]);
  await until(
    () => settingsOf(api, account),
    ({ status }) => status === 'disabled_after_failures',
    30_000,
  );
  return { account, behave };
}

inBrowser(
  'A16, A17 a balance that is used up names the guard that holds reloads back, and what lifts it',
  async (harness) => {
    const { api, visit } = harness;
    const account = await buyer(api, '20.00');
    const settings = { threshold: '10.00', amount: '25.00', monthlyLimit: '25.00', acceptTerms: true };
    await api.ask('PUT', `/v1/accounts/${account.id}/auto-reload`, { key: account.owner, body: settings });
    await adjust(api, account.id, '-20.00');
    await until(
      () => reloadsOf(api, account),
      ([reload]) => reload?.status === 'succeeded',
    );
    await adjust(api, account.id, '-40.00');
    const { page } = await visit({ key: account.owner });
    const said =
      'The balance is used up and access is suspended. Auto-reload is on but not charging: the monthly limit is reached.';
    await page.getByText(`${said} Raise it, or add a prepayment to resume access.`).waitFor();
    await expectAccessible(page);
    const { page: member } = await visit({ key: account.member });
    await member.getByText(`${said} An owner of the account can fix it.`).waitFor();
    await page.getByRole('button', { name: 'Change the limit' }).press('Enter');
    await windowOf(page).getByLabel('Monthly limit').waitFor();
  },
);

inBrowser('C2 an admin finds who is paused, and whose auto-reload failures have disabled', async (harness) => {
  const { visit, api } = harness;
  const failed = (await disabledAfterFailures(harness)).account;
  const paused = await buyer(api, '20.00');
  await enable(api, paused, '10.00', '25.00');
  await api.ask('POST', `/v1/accounts/${paused.id}/auto-reload/pause`, { key: paused.owner });
  const { page } = await visit({ key: api.admin });
  const row = ({ id }: TestAccount) => page.getByRole('link', { name: id, exact: true });
  for (const [status, shown, other] of [
    ['Paused', paused, failed],
    ['Disabled after failures', failed, paused],
  ] as const) {
    await page.getByLabel('Auto-reload').selectOption({ label: status });
    await row(other).waitFor({ state: 'detached' });
    await row(shown).waitFor();
    await page
      .getByRole('row')
      .filter({ has: row(shown) })
      .getByText(status, { exact: true })
      .waitFor();
  }
  // The filter is in the address: whoever opens it sees the same.
  await page.reload();
  await row(failed).waitFor();
  expect(await row(paused).count()).toBe(0);
});

inBrowser('A8 where what has failed can not be read, that is said, and it can be tried again', async (harness) => {
  const { account } = await disabledAfterFailures(harness);
  const { page } = await harness.visit({ key: account.owner });
  await page.getByText('three charges in a row failed').first().waitFor();
  await page.clock.install();
  await page.route('**/reloads?*', (route) => route.abort('connectionreset'));
  await page.getByRole('button', { name: 'Turn on auto-reload' }).click();
  const failed = windowOf(page).getByRole('alert').filter({ hasText: 'Three charges in a row failed' });
  await until(
    async () => {
      await page.clock.runFor(2_000);
      return failed.getByText('What failed could not be read.').count();
    },
    (count) => count > 0,
  );
  await expectAccessible(page);
  await page.unroute('**/reloads?*');
  await failed.getByRole('button', { name: 'Try again' }).press('Enter');
  await failed.getByText(/^Visa ending in 4242: the card has insufficient funds/).waitFor();
});

inBrowser(
  'A8, A13 after three failures it says which card, why, and the way to fix it; then it is enabled again',
  async (harness) => {
    const { visit, api } = harness;
    const { account, behave } = await disabledAfterFailures(harness);
    const { page } = await visit({ key: account.owner });
    await page.getByText('three charges in a row failed').first().waitFor();
    await page.getByRole('button', { name: 'See what failed' }).click();
    const failed = windowOf(page).getByRole('alert').filter({ hasText: 'Three charges in a row failed' });
    await failed.getByText(/^Visa ending in 4242: the card has insufficient funds/).waitFor();
    await failed.getByRole('link', { name: 'Fix payment methods' }).press('Enter');
    const methods = page.getByRole('table', { name: 'Payment methods' });
    // Nothing is charged by itself any more: nothing is promised.
    await methods.getByText(/^Declined because the card has insufficient funds, [^.]+ UTC\.$/).waitFor();
    await expectAccessible(page);
    await page.getByRole('link', { name: 'Turn on auto-reload' }).press('Enter');
    await windowOf(page).waitFor();
    expect(await enabling(page).isChecked()).toBe(false);
    // What is not enabled charges nothing, whatever settings are kept.
    await charged(page).getByText('Nothing. Enable auto-reload above').waitFor();
    await expectAccessible(page);
    await behave(null);
    await fillIn(page, '$10', '$25');
    await charged(page).getByText('$25.00 is charged at once').waitFor();
    await submit(page).click();
    await windowOf(page).waitFor({ state: 'detached' });
    await page.getByTestId('balance').getByText('$24.00').waitFor();
    expect(await settingsOf(api, account)).toMatchObject({ status: 'on', strikes: 0 });
  },
);

inBrowser(
  'A4 two tabs with different settings: the second says what the first has saved, and saves its own',
  async ({ visit, api }) => {
    const account = await buyer(api, '20.00');
    const { page, context } = await visit({ key: account.owner, ...open });
    const other = await context.newPage();
    await other.goto(page.url());
    await fillIn(page, '$5', '$25');
    await fillIn(other, '$10', '$100');
    await submit(page).click();
    await windowOf(page).waitFor({ state: 'detached' });
    await other.getByText('The settings were changed elsewhere to $25.00 at $5.00').waitFor();
    await expectAccessible(other);
    expect(await amounts(other).getByRole('radio', { name: '$100', exact: true }).isChecked()).toBe(true);
    await other.getByRole('button', { name: 'Save changes' }).click();
    await windowOf(other).waitFor({ state: 'detached' });
    expect(await settingsOf(api, account)).toMatchObject({ threshold: '10.00', amount: '100.00' });
    await page.getByText('Adds $100.00 when the balance reaches or goes below $10.00').waitFor();
  },
);

inBrowser(
  'A14 a session that ends in mid-form: signed in on top, the input is there, and it is saved',
  async ({ visit, api }) => {
    const account = await buyer(api, '3.00');
    const visited = await visit({ key: account.owner, ...open });
    const { page } = visited;
    await fillIn(page, '$10', '$100');
    await charged(page).getByText('$100.00 is charged at once').waitFor();
    await endSession(api, visited);
    // In the moment before the page knows.
    await submit(page).dispatchEvent('click');
    const dialog = page.getByRole('dialog', { name: 'Sign in again' });
    await dialog.getByLabel('Key').fill(account.owner);
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'detached' });
    await windowOf(page).getByText('nothing was changed or charged. Sign in and save again').waitFor();
    expect(await amounts(page).getByRole('radio', { name: '$100', exact: true }).isChecked()).toBe(true);
    await submit(page).click();
    await windowOf(page).waitFor({ state: 'detached' });
    expect(await settingsOf(api, account)).toMatchObject({ status: 'on', amount: '100.00' });
    expect(await reloadsOf(api, account)).toHaveLength(1);
  },
);

inBrowser(
  'A5 usage that brings the balance to the threshold while the window is open is charged only after it was said',
  async ({ visit, api }) => {
    const account = await buyer(api, '20.30');
    const { page } = await visit({ key: account.owner, ...open });
    await fillIn(page, '$25', '$25');
    await charged(page).getByText('Nothing now.').waitFor();
    // Nothing but the balance changes: no setting, no reload.
    await adjust(api, account.id, '-0.40');
    await charged(page).getByText('$25.00 is charged at once').waitFor();
    await charged(page).getByText('Your balance is then $49.90.').waitFor();
    // Who agreed to nothing has not agreed to that.
    expect(await consent(page).isChecked()).toBe(false);
    expect(await submit(page).isDisabled()).toBe(true);
    await adjust(api, account.id, '0.40');
    await charged(page).getByText('Nothing now.').waitFor();
    await consent(page).check();

    // Even if the page has not heard of it yet.
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    await page.route('**/auto-reload/preview', async (route) => {
      await held;
      await route.continue();
    });
    await adjust(api, account.id, '-0.40');
    await submit(page).click();
    await windowOf(page)
      .getByText('nothing was changed or charged. $25.00 would be charged at once now. If you agree to that, agree and')
      .waitFor();
    expect([(await settingsOf(api, account)).status, await reloadsOf(api, account)]).toEqual(['off', []]);
    expect(await consent(page).isChecked()).toBe(false);
    expect(await submit(page).isDisabled()).toBe(true);
    await expectAccessible(page);
    release();
    await charged(page).getByText('$25.00 is charged at once').waitFor();
    await consent(page).check();
    await submit(page).click();
    await page.getByText('Auto-reload is on. $25.00 was charged and added.').waitFor();
    expect(await reloadsOf(api, account)).toMatchObject([{ amount: '25.00', status: 'succeeded' }]);
  },
);

inBrowser(
  'A13 while it is paused nothing is said to charge; what resuming charges is said before, and nothing else is charged',
  async ({ visit, api }) => {
    const account = await buyer(api, '20.00');
    await enable(api, account, '10.00', '25.00');
    await api.ask('POST', `/v1/accounts/${account.id}/auto-reload/pause`, { key: account.owner });
    const { page } = await visit({ key: account.owner, ...open });
    await charged(page).getByText('Nothing, as auto-reload is paused: it stays so when you save.').waitFor();
    expect(await charged(page).getByText('the next reload is in').count()).toBe(0);
    await amounts(page).getByRole('radio', { name: '$5', exact: true }).check();
    await consent(page).check();
    await windowOf(page).getByRole('button', { name: 'Save changes' }).click();
    await page.getByText('The settings are saved. Auto-reload is still paused: resume it to have it charge.').waitFor();
    expect(await page.getByText('Auto-reload is on', { exact: true }).count()).toBe(0);
    expect(await settingsOf(api, account)).toMatchObject({ status: 'paused', amount: '5.00' });

    await page.getByRole('button', { name: 'Review auto-reload' }).click();
    await windowOf(page).getByRole('button', { name: 'Resume', exact: true }).waitFor();
    await adjust(api, account.id, '-15.00');
    const resume = (charge: string) => windowOf(page).getByRole('button', { name: `Resume and charge ${charge}` });
    await windowOf(page)
      .getByText('Resuming charges $5.00 at once: the balance is at or below the threshold.')
      .waitFor();
    await resume('$5.00').waitFor();
    await windowOf(page).getByText('Your balance is then $15.00.').waitFor();
    await windowOf(page).getByText('Charges Visa ending in 4242 first.').first().waitFor();
    await expectAccessible(page);
    // The page does not hear of what comes next before it asks.
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    await page.route('**/auto-reload', async (route) => {
      await held;
      await route.continue();
    });
    await adjust(api, account.id, '-5.00');
    await resume('$5.00').click();
    await windowOf(page).getByText('nothing was resumed or charged. $10.00 would be charged at once now.').waitFor();
    expect([(await settingsOf(api, account)).status, await reloadsOf(api, account)]).toEqual(['paused', []]);
    release();
    await windowOf(page).getByText('Resuming charges $10.00 at once, in reloads of $5.00').waitFor();
    await page.setViewportSize({ width: 390, height: 844 });
    await expectNoSidewaysScroll(page);
    await expectAccessible(page);
    await resume('$10.00').click();
    await windowOf(page).getByText('Auto-reload is on again.').waitFor();
    await page.getByTestId('balance').getByText('$15.00').waitFor();
    expect(await reloadsOf(api, account)).toHaveLength(2);
  },
);

inBrowser('A13 unticking what enables it leads to turning it off, and says what holds until then', async (harness) => {
  const { visit, api } = harness;
  const account = await buyer(api, '20.00');
  await enable(api, account, '10.00', '25.00');
  const { page } = await visit({ key: account.owner, ...open });
  await enabling(page).uncheck();
  await charged(page).getByText('Auto-reload is on and charges until you turn it off below.').waitFor();
  expect((await settingsOf(api, account)).status).toBe('on');
  await expectAccessible(page);
  await enabling(page).check();
  await windowOf(page).getByRole('button', { name: 'Save changes' }).waitFor();
  await enabling(page).uncheck();
  await tabTo(page, windowOf(page).getByRole('button', { name: 'Turn off auto-reload' }));
  await page.keyboard.press('Enter');
  await windowOf(page).waitFor({ state: 'detached' });
  await page.getByText('Auto-reload is disabled. Owners get a confirmation by mail.').waitFor();
  expect((await settingsOf(api, account)).status).toBe('off');
});

inBrowser(
  'A5 a decline that comes after the window was closed is told all the same, on top of whatever is open, and stays until it is dismissed',
  async ({ visit, api, world }) => {
    const account = await buyer(api, '1.00');
    await world.simulate('POST', `/payment-methods/${account.method}/behavior`, {
      chargeDecline: 'insufficient_funds',
    });
    const { page } = await visit({ key: account.owner, ...open });
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    await page.route('**/auto-reload', async (route) => {
      if (route.request().method() === 'PUT') await held;
      await route.continue();
    });
    await fillIn(page, '$10', '$25');
    await charged(page).getByText('$25.00 is charged at once').waitFor();
    await submit(page).click();
    await page.keyboard.press('Escape');
    await windowOf(page).waitFor({ state: 'detached' });
    release();
    const told = page.getByRole('alert').filter({ hasText: 'Serverless Inference auto-reload:' });
    await told.getByText(/insufficient funds/).waitFor();
    await expectAccessible(page);
    await page.setViewportSize({ width: 390, height: 844 });
    await expectNoSidewaysScroll(page);
    // Longer than news of a success are shown.
    await page.waitForTimeout(7_000);
    await page.keyboard.press('Control+k');
    await page.getByRole('dialog', { name: 'Go to' }).waitFor();
    await told.getByRole('button', { name: 'Dismiss' }).click();
    await told.waitFor({ state: 'detached' });
  },
);

inBrowser(
  'A5 nothing can be agreed to while card or balance are not known; what could not be loaded is said, and is tried again',
  async ({ visit, api }) => {
    const account = await buyer(api, '3.00');
    await report(api, [{ id: 'past', accountId: account.id, model: 'chat', inputTokens: 1_000_000 }]);
    const { page } = await visit({ key: account.owner });
    await page.getByTestId('balance').waitFor();
    await page.clock.install();
    await page.route('**/payment-methods', (route) => route.abort('connectionreset'));
    await page.route('**/auto-reload/trial', async (route) => {
      const { threshold } = route.request().postDataJSON() as { threshold?: string };
      // The present settings alone: none.
      await (threshold === undefined ? route.abort('connectionreset') : route.continue());
    });
    await page.getByRole('button', { name: 'Turn on auto-reload' }).click();
    await fillIn(page, '$10', '$25');
    const trial = page.getByRole('region', { name: 'On your past usage' });
    const unread = windowOf(page).getByRole('alert').filter({ hasText: 'Your payment methods could not be loaded.' });
    await until(
      async () => {
        await page.clock.runFor(2_000);
        return (await unread.count()) + (await trial.getByRole('button', { name: 'Try again' }).count());
      },
      (count) => count === 2,
    );
    await charged(page).getByText('$25.00 is charged at once').waitFor();
    expect(await submit(page).isDisabled()).toBe(true);
    await expectAccessible(page);
    await page.unroute('**/payment-methods');
    await page.unroute('**/auto-reload/trial');
    await unread.getByRole('button', { name: 'Try again' }).press('Enter');
    await charged(page).getByText('Charges Visa ending in 4242 first.').waitFor();
    await trial.getByRole('button', { name: 'Try again' }).press('Enter');
    await page.getByRole('img', { name: 'Balance over time: Auto-reload off', exact: true }).waitFor();
    expect(await submit(page).isDisabled()).toBe(false);
  },
);

inBrowser('A2 a comma that may mean cents is no thousand: it is said how cents are written', async (harness) => {
  const account = await buyer(harness.api, '20.00');
  const { page } = await harness.visit({ key: account.owner, ...open });
  await fillIn(page, 'Custom', '$25');
  const own = page.getByLabel('Reload when balance reaches or goes below: custom amount in dollars');
  await own.fill('12,50');
  await thresholds(page).getByRole('alert').filter({ hasText: 'Write cents after a dot, such as 12.50.' }).waitFor();
  expect(await submit(page).isDisabled()).toBe(true);
  await own.fill('1,250.00');
  await charged(page).getByText('is charged at once').waitFor();
  expect(await thresholds(page).getByRole('alert').count()).toBe(0);
});

inBrowser('nothing in this window breaks a rule of the browser’s', ({ expectNoComplaints }) => expectNoComplaints());
