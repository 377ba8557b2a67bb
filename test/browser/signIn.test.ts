/** The way in: by key, by a printed link, by mail; and who has no key stays outside. */
import { openAccount, type TestAccount } from '../support/api';
import {
  expectAccessible,
  expectNoSidewaysScroll,
  findChromium,
  startConsole,
  type ConsoleHarness,
} from '../support/browser';

let harness: ConsoleHarness | null = null;
let account: TestAccount;
beforeAll(async () => {
  const path = await findChromium();
  if (path === null) return;
  harness = await startConsole(path);
  account = await openAccount(harness.api, '25.00');
}, 600_000);
afterAll(() => harness?.close());

/** A test that needs Chromium. */
const inBrowser = (name: string, work: (harness: ConsoleHarness) => Promise<void>): void =>
  test(name, async () => {
    if (harness) await work(harness);
  });

inBrowser('GET / is the console: a page for people, by its own address too, under a strict CSP', async ({ api }) => {
  const open = (path: string, accept: string) => fetch(api.url + path, { headers: { accept } });
  for (const path of ['/', '/overview', '/payments']) {
    const answer = await open(path, 'text/html,*/*');
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(answer.headers.get('content-security-policy')).toMatch(
      /^default-src 'self';.*require-trusted-types-for 'script'/,
    );
    expect(await answer.text()).not.toMatch(/<style|style=|<script(?![^>]*src=)|onclick/);
  }
  const asset = /src="(\/assets\/[^"]+\.js)"/.exec(await (await open('/', 'text/html')).text())![1]!;
  expect((await open(asset, '*/*')).headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  for (const [path, accept] of [
    ['/overview', 'application/json'],
    ['/v1/nothing', 'text/html'],
    ['/assets/none.js', 'text/html'],
  ] as const)
    expect((await open(path, accept)).status).toBe(404);
});

inBrowser('C1 the first look of a visitor who is signed out is no error in the browser’s log', async ({ visit }) => {
  const { page } = await visit();
  const said: string[] = [];
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && said.push(message.text()));
  page.on('response', (response) => response.status() >= 400 && said.push(`${response.status()} ${response.url()}`));
  await page.reload();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  expect(said).toEqual([]);
});

inBrowser('an owner signs in by key, with the keyboard alone, and sees their balance', async ({ visit }) => {
  const { page } = await visit();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await expectAccessible(page);
  await page.keyboard.type('no-such-key');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').getByText('This key is unknown').waitFor();
  await page.getByLabel('Key').fill(account.owner);
  await page.keyboard.press('Enter');
  await page.getByTestId('balance').getByText('$25.00').waitFor();
  expect(new URL(page.url()).pathname).toBe('/overview');
  await expectAccessible(page);
});

inBrowser('a token in the fragment signs in once, and leaves the address at once', async ({ api, visit }) => {
  const { body } = await api.ask('POST', '/v1/session/tokens', { body: { key: account.owner } });
  const { page } = await visit({ path: `/#sign-in=${body.token}` });
  await page.getByTestId('balance').getByText('$25.00').waitFor();
  expect(page.url()).not.toContain(body.token);
  const second = await visit({ path: `/#sign-in=${body.token}` });
  await second.page.getByRole('alert').getByText('This link was used before').waitFor();
});

inBrowser('C1 such a link signs in whom it is for, whoever is signed in already', async ({ api, visit }) => {
  const { body } = await api.ask('POST', '/v1/session/tokens', { body: { key: api.admin } });
  const { page, context } = await visit({ key: account.owner });
  await page.getByTestId('balance').waitFor();
  const other = await context.newPage();
  await other.goto(`${api.url}/#sign-in=${body.token}`);
  await other.getByRole('heading', { name: 'Accounts' }).waitFor();
  expect(other.url()).not.toContain(body.token);
  await page.getByRole('heading', { name: 'Another member or account is signed in' }).waitFor();
});

inBrowser('a link is asked for by mail; the page does not say whether the address is known', async ({ visit }) => {
  const { page } = await visit();
  await page.getByRole('button', { name: 'Sign in by mail instead' }).click();
  await page.getByLabel('E-mail address').fill('nobody@example.com');
  await page.getByRole('button', { name: 'Send a link' }).click();
  await page.getByText('If nobody@example.com belongs to a member').waitFor();
});

inBrowser('whoever signs out is outside, in every tab', async ({ api, visit }) => {
  const { page, context } = await visit({ key: account.owner });
  const other = await context.newPage();
  await other.goto(`${api.url}/payments`);
  await other.getByRole('heading', { name: 'Payments', exact: true }).waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await other.getByRole('heading', { name: 'Sign in' }).waitFor();
});

inBrowser('a member sees the account and nothing that would be refused', async ({ visit }) => {
  const { page } = await visit({ key: account.member });
  await page.getByTestId('balance').getByText('$25.00').waitFor();
  expect(await page.getByText('Add prepayment').count()).toBe(0);
  await page.goto(`${new URL(page.url()).origin}/pay`);
  await page.getByText('This page is not for your role').waitFor();
  await expectAccessible(page);
});

inBrowser('C3 a page whose file comes between its drawing and its effects is shown', async ({ visit }) => {
  const { page } = await visit({ key: account.member });
  // React runs effects in a later turn than it draws: here every turn comes late.
  await page.addInitScript(() => {
    const { postMessage } = MessagePort.prototype;
    MessagePort.prototype.postMessage = function (...sent: unknown[]) {
      setTimeout(() => Reflect.apply(postMessage, this, sent), 1_000);
    };
  });
  await page.route('**/assets/overview-*.js', async (route) => {
    await page.getByText('Loading', { exact: true }).first().waitFor({ state: 'attached' });
    await route.continue();
  });
  await page.reload();
  await page.getByTestId('balance').waitFor();
});

inBrowser('at 390 pixels the sections open from a button, and nothing sticks out', async ({ visit }) => {
  const { page } = await visit({ key: account.owner, viewport: { width: 390, height: 844 }, colorScheme: 'dark' });
  await page.getByTestId('balance').waitFor();
  await expectNoSidewaysScroll(page);
  await page.getByRole('button', { name: 'Menu' }).click();
  await page.getByRole('link', { name: 'Payments', exact: true }).click();
  await page.getByRole('heading', { name: 'Payments', exact: true }).waitFor();
  await expectNoSidewaysScroll(page);
  await expectAccessible(page);
});

inBrowser('no browser has complained: no violation of the CSP, no error, no 5xx', async ({ expectNoComplaints }) => {
  expectNoComplaints();
});
