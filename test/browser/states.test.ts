/**
 * Every page in every state, from one table: whole, loading, failed, forbidden, offline, empty. In each of them axe finds
 * nothing, and controls can be told apart by their names.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page, Route } from 'playwright-core';
import { openAccount, putModel, report, type TestAccount } from '../support/api';
import {
  addCard,
  expectAccessible,
  expectNoSidewaysScroll,
  PLAYED,
  testsInBrowser,
  type ConsoleHarness,
  type Visit,
} from '../support/browser';
import { controlsOf, repeated, withoutTimes } from '../support/controls';
import { until } from '../support/notices';

type Role = 'owner' | 'admin';
/** `empty`: what a page says when there is nothing yet; left out where there always is something. `:id` is the account's. */
type Case = { name: string; path: string; role: Role; empty?: string; at?: string };
const PAGES: readonly Case[] = [
  { name: 'overview', path: '/overview', role: 'owner', empty: 'There is no balance yet' },
  { name: 'pay', path: '/pay', role: 'owner' },
  { name: 'payments', path: '/payments', role: 'owner', empty: 'No payment method yet' },
  { name: 'transactions', path: '/transactions', role: 'owner', empty: 'No transactions yet' },
  { name: 'usage', path: '/usage', role: 'owner', empty: 'No usage in this period' },
  { name: 'batches', path: '/batches', role: 'owner', empty: 'No batches yet' },
  { name: 'notices', path: '/notices', role: 'owner', empty: 'Nothing has been told yet' },
  { name: 'limits', path: '/limits', role: 'owner', empty: 'Nothing has been asked for' },
  { name: 'team', path: '/team', role: 'owner' },
  { name: 'webhooks', path: '/webhooks', role: 'owner', empty: 'There are no endpoints' },
  { name: 'accounts', path: '/accounts', role: 'admin', empty: 'No account matches', at: '/accounts?q=no-such' },
  { name: 'account', path: '/accounts/:id', role: 'admin', empty: 'No prepayments yet' },
  { name: 'team', path: '/accounts/:id/team', role: 'admin' },
  {
    name: 'limitRequests',
    path: '/limit-requests',
    role: 'admin',
    empty: 'No request matches',
    at: '/limit-requests?account=no-such',
  },
  { name: 'models', path: '/models', role: 'owner', empty: 'No model matches', at: '/models?q=no-such' },
  { name: 'rejectedUsage', path: '/rejected-usage', role: 'admin', empty: 'Nothing was rejected' },
  { name: 'reconcile', path: '/reconcile', role: 'admin', empty: 'It has never run' },
  { name: 'system', path: '/system', role: 'admin' },
];

/** Windows, by the address that they have, or by the button that opens them. */
const WINDOWS: readonly { role: Role; path: string; button?: RegExp }[] = [
  { role: 'owner', path: '/overview?window=auto-reload' },
  { role: 'owner', path: '/overview', button: /^Go to/ },
  { role: 'owner', path: '/payments', button: /^Remove/ },
  { role: 'owner', path: '/transactions', button: /^Events of transaction/ },
  { role: 'owner', path: '/batches?window=new' },
  { role: 'owner', path: '/team?window=member' },
  { role: 'owner', path: '/team?window=key' },
  { role: 'owner', path: '/team', button: /^Edit/ },
  { role: 'owner', path: '/team', button: /^Revoke/ },
  { role: 'owner', path: '/limits', button: /^Ask for more/ },
  { role: 'owner', path: '/webhooks?window=endpoint' },
  { role: 'owner', path: '/webhooks', button: /^New secret/ },
  { role: 'admin', path: '/accounts/full', button: /^Adjust the balance/ },
  { role: 'admin', path: '/accounts/full', button: /^Suspend access/ },
  { role: 'admin', path: '/accounts/full', button: /^Close the account/ },
  { role: 'admin', path: '/accounts/full', button: /^Refund/ },
  { role: 'admin', path: '/limit-requests', button: /^Decide/ },
  { role: 'admin', path: '/models', button: /^New price/ },
  { role: 'admin', path: '/models', button: /^Prices/ },
  { role: 'admin', path: '/models?window=price&model=chat' },
  { role: 'admin', path: '/reconcile?window=reconcile' },
];

let full: TestAccount;
let bare: TestAccount;
const inBrowser = testsInBrowser(async ({ api }) => {
  full = await openAccount(api, '40.00', 'full');
  bare = await openAccount(api, undefined, 'bare');
  await addCard(api, full);
  await addCard(api, full, 'pm_card_mastercard');
  await putModel(api, 'chat');
  const asOwner = (path: string, body: object, headers = {}) =>
    api.ask('POST', `/v1/accounts/full/${path}`, { key: full.owner, body, headers });
  await asOwner('prepayments', { amount: '5.00' }, { 'Idempotency-Key': 'first' });
  await asOwner('webhook-endpoints', { url: 'https://hooks.example/a', events: ['*'] });
  await asOwner('webhook-endpoints', { url: 'https://hooks.example/b', events: ['*'] });
  await asOwner('limit-requests', { key: 'dedicated.endpoints', requested: 1_000, reason: 'a launch' });
  await report(api, [{ id: 'one', accountId: 'full', model: 'chat', inputTokens: 2_500_000 }]);
});

const addressOf = ({ path, at }: Pick<Case, 'path' | 'at'>, account: TestAccount): string =>
  at ?? path.replace(':id', account.id);
const keyOf = ({ api }: ConsoleHarness, role: Role, account: TestAccount): string =>
  role === 'admin' ? api.admin : account.owner;

test('the table has every page of the console', () => {
  const source = readFileSync(join(process.cwd(), 'console', 'src', 'app', 'pages.ts'), 'utf8');
  const pages = [...source.matchAll(/^ {2}page\('(\w+)', '([^']+)'/gm)].map(([, name, path]) => `${name} ${path}`);
  expect(PAGES.map(({ name, path }) => `${name} ${path}`).sort()).toEqual(pages.sort());
});

/** Goes to another page of the console as its links do, without loading it all anew. */
async function go(page: Page, path: string): Promise<void> {
  await page.evaluate(`history.pushState(null, '', ${JSON.stringify(path)})`);
  await page.getByRole('heading', { level: 1 }).waitFor();
}

const exact = { exact: true };
const isLoaded = (page: Page): Promise<unknown> =>
  until(
    () => page.getByText('Loading', exact).count(),
    (count) => count === 0,
    30_000,
  );

const hasFocus = (control: Locator): Promise<boolean> =>
  control.evaluate((element: { matches(of: string): boolean }) => element.matches(':focus'));

async function expectSound(page: Page): Promise<void> {
  await expectAccessible(page);
  expect(repeated(await controlsOf(page))).toEqual([]);
}

/** What became of a part of a page stands in a card on every page. */
async function expectInCards(page: Page, words: string): Promise<void> {
  const said = page.getByRole('main').getByText(words);
  const bare = said.and(page.locator(':not([class*="_card_"] *)'));
  expect([(await said.count()) > 0, await bare.count()]).toEqual([true, 0]);
}

/** In the dark, too. */
async function expectSoundOnPhone(page: Page): Promise<void> {
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.setViewportSize({ width: 390, height: 844 });
  await expectNoSidewaysScroll(page);
  await expectAccessible(page);
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 1440, height: 900 });
}

/** More than this, and a person who reads or aims loses the place. */
const SHIFT_MAX = 0.02;
const WATCH_SHIFT = `
  globalThis.shift = 0;
  globalThis.addShifts = (entries) => {
    for (const { hadRecentInput, value } of entries) if (!hadRecentInput) globalThis.shift += value;
  };
  globalThis.shifts = new PerformanceObserver((list) => addShifts(list.getEntries()));
  shifts.observe({ type: 'layout-shift', buffered: true });
`;
/** How far things have moved by themselves since it was asked last, as browsers measure it. */
const shiftOf = (page: Page): Promise<number> =>
  page.evaluate(`new Promise((done) => requestAnimationFrame(() => setTimeout(() => {
    addShifts(shifts.takeRecords());
    done(shift);
    shift = 0;
  })))`);

const expectStill = (shifts: Record<string, number>): void =>
  expect(Object.entries(shifts).filter(([, shift]) => shift > SHIFT_MAX)).toEqual([]);

type Answering = 'truly' | 'never' | 'failing' | 'refusing';
const PROBLEMS = { failing: [503, 'unavailable'], refusing: [403, 'forbidden'] } as const;

/** How the API's answers reach the page. Who is signed in is always told. */
async function answersOf(page: Page): Promise<{ become(next: Answering): void }> {
  let now: Answering = 'truly';
  await page.route('**/v1/**', (route: Route) => {
    const isSession = new URL(route.request().url()).pathname.startsWith('/v1/session');
    if (now === 'truly' || isSession) return route.continue();
    if (now === 'never') return undefined;
    const [status, code] = PROBLEMS[now];
    const body = { type: 'about:blank', title: 'No', status, detail: 'It can not be answered now.', code };
    return route.fulfill({
      status,
      headers: { 'Content-Type': 'application/problem+json', [PLAYED]: '1' },
      body: JSON.stringify(body),
    });
  });
  return { become: (next) => (now = next) };
}

const ROLES = ['owner', 'admin'] as const;

/** Opens the console as each role, both at the same time, and goes to each of its pages. `prepare` gives what `see` needs. */
async function eachPage<Prepared>(
  harness: ConsoleHarness,
  account: TestAccount,
  prepare: (visit: Visit) => Promise<Prepared>,
  see: (page: Page, one: Case, prepared: Prepared) => Promise<void>,
): Promise<void> {
  const asRole = async (role: Role): Promise<void> => {
    const visit = await harness.visit({ key: keyOf(harness, role, account), path: '/no-such-page' });
    await visit.page.getByText('There is no such page').waitFor();
    const prepared = await prepare(visit);
    for (const one of PAGES.filter((page) => page.role === role)) {
      await go(visit.page, addressOf({ path: one.path }, account));
      await see(visit.page, one, prepared);
    }
    await visit.page.unrouteAll({ behavior: 'ignoreErrors' });
    await visit.context.close();
  };
  await Promise.all(ROLES.map(asRole));
}

inBrowser('every page, whole: names and roles of all controls are those that are kept, each once', async (harness) => {
  const kept: Record<string, string[]> = {};
  const shifts: Record<string, number> = {};
  await eachPage(
    harness,
    full,
    async ({ page }) => void (await page.addInitScript({ content: WATCH_SHIFT })),
    async (page, { path }) => {
      // Loaded anew: nothing of another page is here yet.
      await page.goto(page.url());
      await isLoaded(page);
      shifts[path] = await shiftOf(page);
      await expectSound(page);
      await expectSoundOnPhone(page);
      kept[path] = (await controlsOf(page)).map(withoutTimes);
    },
  );
  expect(kept).toMatchSnapshot();
  expectStill(shifts);
});

inBrowser(
  'every window: its controls have names of their own, Escape closes it, and the focus is back where it was',
  async (harness) => {
    const kept: Record<string, string[]> = {};
    const asRole = async (role: Role): Promise<void> => {
      const { page, context } = await harness.visit({ key: keyOf(harness, role, full), path: '/no-such-page' });
      for (const { path, button } of WINDOWS.filter((window) => window.role === role)) {
        await go(page, path);
        await isLoaded(page);
        if (button) await page.getByRole('button', { name: button }).first().click();
        await page.getByRole('dialog').waitFor();
        await isLoaded(page);
        await expectSound(page);
        kept[`${path} ${button?.source ?? ''}`.trim()] = (await controlsOf(page)).map(withoutTimes);
        await page.keyboard.press('Escape');
        await page.getByRole('dialog').waitFor({ state: 'detached' });
        if (button) expect(await hasFocus(page.getByRole('button', { name: button }).first())).toBe(true);
      }
      await context.close();
    };
    await Promise.all(ROLES.map(asRole));
    expect(kept).toMatchSnapshot();
  },
);

inBrowser('who opens a window by a button finds the focus there again when it closes', async (harness) => {
  const { page } = await harness.visit({ key: full.owner, path: '/no-such-page' });
  for (const [path, name] of [
    ['/overview', 'Turn on auto-reload'],
    ['/batches', 'New batch'],
    ['/team', 'Add a member'],
    ['/team', 'Make a key'],
    ['/webhooks', 'Add an endpoint'],
  ] as const) {
    await go(page, path);
    await isLoaded(page);
    const button = page.getByRole('button', { name, exact: true });
    await button.press('Enter');
    await page.getByRole('dialog').waitFor();
    await isLoaded(page);
    // What is to be filled in begins with its first field.
    await page.getByRole('dialog').locator('input:focus, select:focus').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await hasFocus(button)).toBe(true);
  }
});

inBrowser('every page while it loads says so', (harness) =>
  eachPage(
    harness,
    full,
    async ({ page }) => (await answersOf(page)).become('never'),
    async (page) => {
      await page.getByText('Loading', exact).first().waitFor({ state: 'attached' });
      await expectSound(page);
    },
  ),
);

inBrowser('every page that is refused says that it is not for this role', (harness) =>
  eachPage(
    harness,
    full,
    async ({ page }) => (await answersOf(page)).become('refusing'),
    async (page) => {
      await page.getByText('This page is not for your role').first().waitFor();
      await expectInCards(page, 'This page is not for your role');
      await expectSound(page);
    },
  ),
);

inBrowser('every page that can not be read, and then is offline, says so, and comes back by itself', (harness) =>
  eachPage(
    harness,
    full,
    async ({ page }) => {
      // What fails is tried twice more, with pauses: their time is skipped.
      await page.clock.install();
      return answersOf(page);
    },
    async (page, { path }, answers) => {
      const says = (words: string) =>
        until(
          async () => {
            await page.clock.runFor(2_000);
            return (await page.getByText(words).count()) > 0 && (await page.getByText('Loading', exact).count()) === 0;
          },
          (said) => said,
        );
      answers.become('failing');
      // Loaded anew: what was read for another page is no help.
      await page.goto(new URL(addressOf({ path }, full), page.url()).href);
      await says('This could not be loaded');
      await expectInCards(page, 'This could not be loaded');
      await expectSound(page);
      answers.become('truly');
      await page.context().setOffline(true);
      // All at once: what has failed again before the last one is pressed would be pressed for ever.
      await page
        .getByRole('button', { name: 'Try again' })
        .evaluateAll((all) => all.forEach((retry) => (retry as unknown as { click(): void }).click()));
      await says('Ballast can’t be reached');
      await expectSound(page);
      await page.context().setOffline(false);
      await page.getByText('Ballast can’t be reached').waitFor({ state: 'detached' });
      await isLoaded(page);
      expect(await page.getByText('This could not be loaded').count()).toBe(0);
    },
  ),
);

inBrowser('every page that may be empty says why', async (harness) => {
  const shifts: Record<string, number> = {};
  await eachPage(
    harness,
    bare,
    async ({ page }) => void (await page.evaluate(WATCH_SHIFT)),
    async (page, one) => {
      await isLoaded(page);
      shifts[one.path] = await shiftOf(page);
      if (one.empty === undefined) return;
      if (one.at !== undefined) await go(page, one.at);
      await page.getByText(one.empty).first().waitFor();
      await isLoaded(page);
      await expectSound(page);
      await shiftOf(page);
    },
  );
  expectStill(shifts);
});

inBrowser('nothing in any state breaks a rule of the browser’s', ({ expectNoComplaints }) => expectNoComplaints());
