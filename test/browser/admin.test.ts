/** What an admin finds and does: accounts by what is wrong with them, one account with all that has happened, money and access. */
import { adjust, openAccount, type TestAccount } from '../support/api';
import {
  endSession,
  expectAccessible,
  expectNoSidewaysScroll,
  findChromium,
  answerByIngress,
  loseAnswer,
  PLAYED,
  startConsole,
  type ConsoleHarness,
} from '../support/browser';
import { until } from '../support/notices';

let harness: ConsoleHarness | null = null;
let account: TestAccount;
let other: TestAccount;
beforeAll(async () => {
  const path = await findChromium();
  if (path === null) return;
  harness = await startConsole(path);
  account = await openAccount(harness.api, '25.00');
  other = await openAccount(harness.api);
}, 600_000);
afterAll(() => harness?.close());

/** A test that needs Chromium. */
const inBrowser = (name: string, work: (harness: ConsoleHarness) => Promise<void>): void =>
  test(name, async () => {
    if (harness) await work(harness);
  });

inBrowser('C2 an admin finds accounts by text and by what is wrong, and opens one', async ({ visit, api }) => {
  const { page } = await visit({ key: api.admin });
  await page.waitForURL(/\/accounts$/);
  const table = page.getByRole('table', { name: 'Accounts' });
  await table.getByRole('link', { name: other.id, exact: true }).waitFor();
  await page.getByLabel('Access').selectOption('suspended');
  await page.waitForURL(/gate=suspended/);
  await table.getByRole('link', { name: account.id, exact: true }).waitFor({ state: 'detached' });
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await page.getByLabel('Search by id, name or a member’s address').fill(account.id);
  await table.getByRole('link', { name: other.id, exact: true }).waitFor({ state: 'detached' });
  await table.getByRole('link', { name: account.id, exact: true }).press('Enter');
  await page.getByRole('table', { name: 'Timeline' }).waitFor();
  await expectAccessible(page);
  await page.setViewportSize({ width: 390, height: 844 });
  await expectNoSidewaysScroll(page);
});

inBrowser(
  'C2 an admin adjusts, suspends and lifts with the keyboard, each kept with its reason',
  async ({ visit, api }) => {
    const { page } = await visit({ key: api.admin, path: `/accounts/${account.id}` });
    await page.getByRole('button', { name: 'Adjust the balance' }).press('Enter');
    const dialog = page.getByRole('dialog');
    await dialog.waitFor();
    // The first field has the focus: who opens the window can type at once.
    await page.keyboard.type('a lot');
    expect(await dialog.getByLabel('Amount in dollars').inputValue()).toBe('a lot');
    await dialog.getByLabel('Reason').fill('a courtesy');
    await page.keyboard.press('Enter');
    await dialog.getByRole('alert').waitFor();
    await expectAccessible(page);
    await dialog.getByLabel('Amount in dollars').fill('1.50');
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'detached' });
    const now = page.getByRole('region', { name: 'Now' });
    await now.getByText('$26.50').first().waitFor();

    await page.getByRole('button', { name: 'Suspend access' }).press('Enter');
    await dialog.getByLabel('Reason').fill('an abuse report');
    await expectAccessible(page);
    await page.keyboard.press('Enter');
    await now.getByText('suspended by an admin').waitFor();
    expect((await api.ask('GET', `/v1/accounts/${account.id}/gate`, { key: api.service })).body.allowed).toBe(false);
    await page.getByRole('button', { name: 'Lift the suspension' }).press('Enter');
    await dialog.getByRole('button', { name: 'Lift the suspension' }).press('Enter');
    await page.getByRole('button', { name: 'Suspend access' }).waitFor();
    // What a person did is in the timeline with the reason that they gave.
    await page.getByRole('table', { name: 'Timeline' }).getByText('“an abuse report”').first().waitFor();
    expect((await api.ask('GET', `/v1/accounts/${account.id}/gate`, { key: api.service })).body.allowed).toBe(true);

    const { body } = await api.ask('GET', `/v1/accounts/${account.id}/audit`, { key: api.admin });
    expect(JSON.stringify(body)).toContain('an abuse report');
  },
);

inBrowser('B6 an adjustment whose answer is lost says so, and sent again it is made once', async ({ visit, api }) => {
  const adjusted = await openAccount(api, '10.00');
  const { page } = await visit({ key: api.admin, path: `/accounts/${adjusted.id}` });
  await page.getByRole('button', { name: 'Adjust the balance' }).press('Enter');
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Amount in dollars').fill('1,000.50');
  await dialog.getByLabel('Reason').fill('a courtesy');
  let told = (): void => undefined;
  const whenTold = new Promise<void>((resolve) => (told = resolve));
  await loseAnswer(page, '**/adjustments', 'cut');
  await page.route(`**/v1/accounts/${adjusted.id}`, async (read) => {
    await whenTold;
    await read.fallback();
  });
  await dialog.getByLabel('Reason').press('Enter');
  // Told before the account has been read again, however long that takes.
  await dialog.getByText('no answer has come').waitFor();
  told();
  // A reload of the page keeps what was sent, and its key.
  await page.reload();
  await dialog.getByText('no answer has come').waitFor();
  expect(await dialog.getByLabel('Amount in dollars').inputValue()).toBe('1000.50');
  expect(await dialog.getByLabel('Reason').isDisabled()).toBe(true);
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Adjust the balance' }).press('Enter');
  await dialog.waitFor({ state: 'detached' });
  const { body } = await api.ask('GET', `/v1/accounts/${adjusted.id}`, { key: api.admin });
  expect(body.balance).toBe('1010.50');
  // The next one is another, with the same content, too.
  await page.getByRole('button', { name: 'Adjust the balance' }).press('Enter');
  expect(await dialog.getByText('no answer has come').count()).toBe(0);
  await dialog.getByLabel('Amount in dollars').fill('1,000.50');
  await dialog.getByLabel('Reason').fill('a courtesy');
  await dialog.getByLabel('Reason').press('Enter');
  await page.getByRole('region', { name: 'Now' }).getByText('$2,011.00').first().waitFor();
});

inBrowser('B6 what an ingress answers is no clear no: sent again, the adjustment is made once', async (harness) => {
  const { visit, api } = harness;
  for (const status of [404, 403, 401, 429]) {
    const adjusted = await openAccount(api, '10.00');
    const { page } = await visit({ key: api.admin, path: `/accounts/${adjusted.id}?window=adjust` });
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Amount in dollars').fill('5.00');
    await dialog.getByLabel('Reason').fill('a courtesy');
    await answerByIngress(page, '**/adjustments', status);
    await dialog.getByLabel('Reason').press('Enter');
    await dialog.getByText('no answer has come').waitFor();
    await expectAccessible(page);
    await dialog.getByRole('button', { name: 'Adjust the balance' }).press('Enter');
    await dialog.waitFor({ state: 'detached' });
    const { body } = await api.ask('GET', `/v1/accounts/${adjusted.id}`, { key: api.admin });
    expect(body.balance).toBe('15.00');
    await page.close();
  }
});

inBrowser(
  'B6 an adjustment that was turned away because the session had ended is not said to be unanswered',
  async ({ visit, api }) => {
    const adjusted = await openAccount(api, '10.00');
    const visited = await visit({ key: api.admin, path: `/accounts/${adjusted.id}?window=adjust` });
    const { page } = visited;
    const dialog = page.getByRole('dialog', { name: 'Adjust the balance' });
    await dialog.getByLabel('Amount in dollars').fill('5');
    await dialog.getByLabel('Reason').fill('a courtesy');
    await endSession(api, visited);
    // In the moment before the page knows.
    await dialog.getByRole('button', { name: /Adjust the balance/ }).dispatchEvent('click');
    const signIn = page.getByRole('dialog', { name: 'Sign in again' });
    await signIn.getByLabel('Key').fill(api.admin);
    await page.keyboard.press('Enter');
    await signIn.waitFor({ state: 'detached' });
    expect(await dialog.getByText('no answer has come').count()).toBe(0);
    expect(await dialog.getByLabel('Reason').inputValue()).toBe('a courtesy');
    await dialog.getByLabel('Reason').press('Enter');
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('region', { name: 'Now' }).getByText('$15.00').first().waitFor();
  },
);

inBrowser('B6 what is booked is said before, and a comma that may mean cents books nothing', async ({ visit, api }) => {
  const adjusted = await openAccount(api, '10.00');
  const { page } = await visit({ key: api.admin, path: `/accounts/${adjusted.id}?window=adjust` });
  const dialog = page.getByRole('dialog');
  const amount = dialog.getByLabel('Amount in dollars');
  await amount.fill('12,50');
  await dialog.getByRole('alert').getByText('Write cents after a dot, such as 12.50.').waitFor();
  await dialog.getByLabel('Reason').fill('a courtesy');
  expect(await dialog.getByRole('button', { name: 'Adjust the balance' }).isDisabled()).toBe(true);
  await expectAccessible(page);
  for (const [typed, said] of [
    ['1,250.00', 'Credits $1,250.00. The balance is then $1,260.00.'],
    ['-12.50', 'Debits $12.50. The balance is then −$2.50.'],
  ] as const) {
    await amount.fill(typed);
    await dialog.getByText(said).waitFor();
  }
  await page.keyboard.press('Enter');
  await page.getByRole('region', { name: 'Now' }).getByText('−$2.50').first().waitFor();
});

inBrowser('C2 what a closed window began closes no other, and is told by a toast', async ({ visit, api }) => {
  const acted = await openAccount(api, '10.00');
  const { page } = await visit({ key: api.admin, path: `/accounts/${acted.id}` });
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  await page.route('**/suspension', async (route) => {
    await held;
    await route.continue();
  });
  await page.getByRole('button', { name: 'Suspend access' }).press('Enter');
  await page.getByRole('dialog').getByLabel('Reason').fill('an abuse report');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Adjust the balance' }).press('Enter');
  const amount = page.getByRole('dialog').getByLabel('Amount in dollars');
  await amount.fill('5');
  release();
  await page.getByText('Access is suspended.', { exact: true }).waitFor();
  expect(await amount.inputValue()).toBe('5');
  await amount.fill('5.25');
  expect(page.url()).toContain('window=adjust');
});

inBrowser(
  'C2 the page of an account that there is not says so, and has no stream that is lost',
  async ({ visit, api }) => {
    const { page } = await visit({ key: api.admin });
    const streams: string[] = [];
    page.on('request', (request) => request.url().endsWith('/stream') && streams.push(request.url()));
    await page.goto(`${api.url}/accounts/no-such-account`);
    await page.getByText('There is no account no-such-account').waitFor();
    await page.waitForLoadState('networkidle');
    expect(streams).toEqual([]);
    await expectAccessible(page);
    await page.getByRole('main').getByRole('link', { name: 'All accounts' }).last().press('Enter');
    await page.getByRole('table', { name: 'Accounts' }).waitFor();
  },
);

inBrowser('C3 the timeline moves with what is no line of the ledger', async ({ visit, api }) => {
  const { id } = await openAccount(api, '10.00');
  const { page } = await visit({ key: api.admin, path: `/accounts/${id}` });
  const timeline = page.getByRole('table', { name: 'Timeline' });
  await timeline.waitFor();
  // The stream moves the page by now.
  await adjust(api, id, '1.00');
  await page.getByRole('region', { name: 'Now' }).getByText('$11.00').first().waitFor();
  await timeline.getByText('$1.00').first().waitFor();
  const body = { name: 'Ada', email: `ada@${id}.example`, role: 'member' };
  await api.ask('POST', `/v1/accounts/${id}/members`, { key: api.admin, body });
  await timeline
    .getByText('member.add')
    .or(timeline.getByText(`ada@${id}.example`))
    .first()
    .waitFor({ state: 'attached' });
});

inBrowser('C3 a page that is left just as its stream begins leaves no stream open', async (harness) => {
  const { context } = await harness.visit({ key: harness.api.admin });
  await context.addInitScript(`
    const request = navigator.locks.request.bind(navigator.locks);
    navigator.locks.request = (name, { signal }, held) =>
      request(name, async () => {
        globalThis.waits = true;
        await new Promise((gone) => signal.addEventListener('abort', gone));
        return held();
      });
    globalThis.streams = 0;
    globalThis.EventSource = class extends EventSource {
      constructor(...given) {
        super(...given);
        globalThis.streams += 1;
      }
    };
  `);
  const page = await context.newPage();
  await page.goto(`${harness.api.url}/accounts/${account.id}`);
  await until(() => page.evaluate('globalThis.waits'), Boolean, 30_000);
  await page.getByRole('navigation').getByRole('link', { name: 'Accounts' }).click();
  await page.getByRole('table', { name: 'Accounts' }).waitFor();
  const locks = (): Promise<number> => page.evaluate('navigator.locks.query().then(({ held }) => held.length)');
  await until(locks, (held) => held === 0, 30_000);
  expect(await page.evaluate('globalThis.streams')).toBe(0);
});

inBrowser('C3 a stream that is refused for a moment is had again, and the page says nothing of it', async (harness) => {
  const { api, visit } = harness;
  const { page, context } = await visit({ key: account.owner });
  await context.addInitScript(`
    globalThis.said = false;
    new MutationObserver(() => (globalThis.said ||= document.body?.innerText.includes('The connection is lost') === true))
      .observe(document, { childList: true, subtree: true });
  `);
  let refused = 0;
  const busy = { status: 503, headers: { [PLAYED]: '1' }, contentType: 'application/problem+json', body: '{}' };
  await page.route('**/stream', (route) => (refused++ < 2 ? route.fulfill(busy) : route.continue()));
  await page.reload();
  await until(
    () => refused,
    (times) => times === 3,
    30_000,
  );
  const { body } = await adjust(api, account.id, '1.00');
  // It moves by itself again.
  await page.getByTestId('balance').getByText(`$${body.balanceAfter}`).waitFor();
  expect(await page.evaluate('globalThis.said')).toBe(false);
  // One that stays away is told, and told of no more once it is back.
  await page.unroute('**/stream');
  await page.route('**/stream', (route) => route.fulfill(busy));
  await page.reload();
  await page.getByText('The connection is lost').waitFor();
  await expectAccessible(page);
  await page.unroute('**/stream');
  await page.getByText('The connection is lost').waitFor({ state: 'detached' });
});

inBrowser('a member is not shown the admins’ pages', async ({ visit }) => {
  const { page } = await visit({ key: account.owner, path: '/accounts' });
  await page.getByText('This page is not for your role').waitFor();
  expect(await page.getByRole('link', { name: 'Accounts' }).count()).toBe(0);
});

inBrowser('nothing in these pages breaks a rule of the browser’s', ({ expectNoComplaints }) => {
  expectNoComplaints();
  return Promise.resolve();
});
