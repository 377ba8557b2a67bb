/** What becomes of open pages when a session begins, ends, grows old or changes its role: here, in another tab, or by a link in a mail. */
import type { BrowserContext, Locator, Page } from 'playwright-core';
import { createMailer } from '../../notices/mailer';
import { startDelivering } from '../../notices/deliver';
import { createSignInLinks } from '../../notices/signInLink';
import pino from 'pino';
import { adjust, openAccount, startTestApi, type TestAccount, type TestApi } from '../support/api';
import { endSession, expectAccessible, PLAYED, tabTo, testsInBrowser } from '../support/browser';
import { TEST_SIGN_IN_SECRET, testInvitations } from '../support/links';
import { until } from '../support/notices';
import { startProxy } from '../support/proxy';
import { startSmtpSink, type SmtpSink } from '../support/smtpSink';

let account: TestAccount;
let sink: SmtpSink;
let delivering: { stop(): Promise<void> };
// Before the harness is closed, which takes the database away.
afterAll(async () => {
  await delivering?.stop();
  await sink?.close();
});
const inBrowser = testsInBrowser(async ({ api }) => {
  account = await openAccount(api, '25.00');
  sink = await startSmtpSink();
  delivering = startDelivering({
    pool: api.database.pool,
    invitations: testInvitations,
    signIns: createSignInLinks({ publicUrl: api.url, secret: TEST_SIGN_IN_SECRET }),
    mailer: createMailer({
      smtpUrl: sink.url,
      from: 'Ballast <mail@ballast.test>',
      db: api.database.pool,
    }),
    log: pino({ level: 'silent' }),
    pollMs: 20,
  });
});
const addressOf = ({ id }: TestAccount, role: string): string => `${role}@${id}.example`;
const isOverOn = (page: Page) => page.getByRole('dialog', { name: 'Sign in again' });

/** The link of the newest mail to the address, once there is one more than before. */
async function linkTo(email: string, before: number): Promise<string> {
  const mails = await until(
    () => sink.taken.filter(({ to }) => to === email),
    ({ length }) => length > before,
  );
  const text = mails.at(-1)!.raw.replaceAll('=\n', '').replaceAll('=3D', '=');
  return /http:\/\/127\.0\.0\.1:\d+\/sign-in\/[\w.-]+/.exec(text)![0];
}

/** Asks for a link in the page, follows it in another tab, as a mail program does, and signs in there. */
async function signInByMail(context: BrowserContext, asking: Page | Locator, email: string): Promise<Page> {
  const before = sink.taken.filter(({ to }) => to === email).length;
  await asking.getByRole('button', { name: 'Sign in by mail instead' }).click();
  await asking.getByLabel('E-mail address').fill(email);
  await asking.getByRole('button', { name: 'Send a link' }).click();
  await asking.getByText(`If ${email} belongs to a member`).waitFor();
  const page = await context.newPage();
  await page.goto(await linkTo(email, before));
  await page.getByRole('button', { name: /^Sign in to/ }).click();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  return page;
}

inBrowser(
  'C1 a member asks for a link, reads the mail, follows it and is inside, in the waiting tab too',
  async (harness) => {
    const { page, context } = await harness.visit();
    const other = await signInByMail(context, page, addressOf(account, 'member'));
    await other.getByTestId('balance').getByText('$25.00').waitFor();
    await expectAccessible(other);
    // Nobody has done anything in the tab that has asked.
    await page.getByTestId('balance').getByText('$25.00').waitFor();
    expect(await page.getByText('member · Member').count()).toBe(1);
  },
);

inBrowser(
  'C1 a tab whose session has ended goes on with what was typed when its owner has come by mail',
  async (harness) => {
    const { api, visit } = harness;
    const visited = await visit({ key: account.owner, path: '/team?window=member' });
    const { page, context } = visited;
    const dialog = page.getByRole('dialog', { name: 'Add a member' });
    await dialog.getByLabel('Name').fill('Grace');
    await dialog.getByLabel('E-mail address').fill('grace@example.com');
    await endSession(api, visited);
    await isOverOn(page).waitFor();
    await expectAccessible(page);
    await signInByMail(context, isOverOn(page), addressOf(account, 'owner'));
    await isOverOn(page).waitFor({ state: 'detached' });
    expect(await dialog.getByLabel('Name').inputValue()).toBe('Grace');
    await dialog.getByRole('button', { name: 'Add a member' }).click();
    await page.getByRole('row', { name: /^Grace/ }).waitFor();
  },
);

inBrowser('C1 a tab says so when somebody else has signed in, and goes on as them by a click only', async (harness) => {
  const { api, visit } = harness;
  const visited = await visit({ key: account.owner, path: '/team?window=member' });
  const { page, context } = visited;
  await page.getByRole('dialog', { name: 'Add a member' }).getByLabel('Name').fill('Grace');
  await endSession(api, visited);
  await isOverOn(page).waitFor();
  await signInByMail(context, isOverOn(page), addressOf(account, 'member'));
  await page.getByRole('heading', { name: 'Another member or account is signed in' }).waitFor();
  await page.getByText(`opened by owner, Account ${account.id}`).waitFor();
  await expectAccessible(page);
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  await page.getByRole('button', { name: `Go on as member, Account ${account.id}` }).click();
  await page.getByTestId('balance').getByText('$25.00').waitFor();
  expect(await page.getByText('Add prepayment').count()).toBe(0);
  expect(asked.filter((url) => url.includes('/members'))).toEqual([]);
});

inBrowser(
  'C1 a tab asks for the account before no more when another one was chosen in another tab',
  async (harness) => {
    const { api, visit } = harness;
    const [one, two] = [await openAccount(api, '11.00'), await openAccount(api, '22.00')];
    const email = `both@${one.id}.example`;
    for (const { id } of [one, two])
      await api.ask('POST', `/v1/accounts/${id}/members`, {
        key: api.admin,
        body: { name: 'Both', email, role: 'owner' },
      });
    const { page, context } = await visit();
    await page.getByRole('button', { name: 'Sign in by mail instead' }).click();
    await page.getByLabel('E-mail address').fill(email);
    await page.getByRole('button', { name: 'Send a link' }).click();
    await page.goto(await linkTo(email, 0));
    await page.getByRole('button', { name: `Sign in to Account ${one.id}` }).click();
    await page.getByTestId('balance').getByText('$11.00').waitFor();
    const other = await context.newPage();
    await other.goto(`${api.url}/overview`);
    const [choice, change] = [other.getByLabel('Account'), other.getByRole('button', { name: 'Switch' })];
    expect(await change.isDisabled()).toBe(true);
    // Each arrow key changes what is picked, and nothing more.
    await choice.selectOption({ label: `Account ${two.id}` });
    await other.getByTestId('balance').getByText('$11.00').waitFor();
    await change.press('Enter');
    await other.getByTestId('balance').getByText('$22.00').waitFor();
    await page.getByRole('heading', { name: 'Another member or account is signed in' }).waitFor();
    // Back as the one before, the tab is as it was.
    await choice.selectOption({ label: `Account ${one.id}` });
    await change.press('Enter');
    await page.getByTestId('balance').getByText('$11.00').waitFor();
  },
);

inBrowser(
  'C1 the end of a session is said at once on a page that asks nothing, in every tab, and is no lost connection',
  async (harness) => {
    const { api, visit } = harness;
    const visited = await visit({ key: account.owner, path: '/transactions' });
    const { page, context } = visited;
    await page.getByRole('table', { name: 'Transactions' }).waitFor();
    const other = await context.newPage();
    await other.goto(`${api.url}/usage`);
    await other.getByRole('heading', { name: 'Usage', exact: true }).waitFor();
    await endSession(api, visited);
    await isOverOn(page).waitFor();
    await isOverOn(other).waitFor();
    // Nobody asks for the stream meanwhile.
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    expect(asked.filter((url) => url.endsWith('/stream'))).toEqual([]);
    expect(await page.getByText('The connection is lost').count()).toBe(0);
    await isOverOn(page).getByLabel('Key').fill(account.owner);
    await page.keyboard.press('Enter');
    await isOverOn(page).waitFor({ state: 'detached' });
    await isOverOn(other).waitFor({ state: 'detached' });
    await adjust(api, account.id, '1.23');
    await page.getByRole('row', { name: /\$1\.23/ }).waitFor();
  },
);

/** Without a look at a session for so long it ends in a minute. */
const makeOld = ({ database }: TestApi) =>
  database.owner.query(`update sessions set used_at = now() - interval '1 hour 59 minutes'`);
const isFresh = async ({ database }: TestApi): Promise<boolean> =>
  (
    await database.owner.query<{ fresh: boolean }>(
      `select used_at > now() - interval '1 minute' as fresh from sessions`,
    )
  ).rows[0]!.fresh;

inBrowser(
  'C1 what a page asks while nobody is at it keeps no session going; a touch of the pointer does',
  async (harness) => {
    const { api, visit, world } = harness;
    await api.database.owner.query('delete from sessions');
    const { page } = await visit({ key: account.member, path: '/no-such-page' });
    await page.clock.install();
    // An API that has not seen this session yet: which writes down a use once a minute.
    const fresh = await startTestApi({ database: world.database, temporal: world.client, stripe: world.stripe });
    try {
      await page.goto(`${api.url}/overview`);
      await page.getByTestId('balance').waitFor();
      const poll = async () => {
        const asking = page.waitForRequest((request) => request.url().endsWith('/auto-reload'));
        await page.clock.runFor(6_000);
        const request = await asking;
        await request.response();
        return request.headers()['x-ballast-unattended'];
      };
      expect(await poll()).toBeUndefined();
      await page.clock.runFor(61_000);
      await until(poll, (unattended) => unattended === '1');
      await page.route('**/v1/accounts/**', (route) =>
        route.continue({ url: route.request().url().replace(api.url, fresh.url) }),
      );
      await makeOld(api);
      for (let polls = 0; polls < 3; polls++) expect(await poll()).toBe('1');
      expect(await isFresh(api)).toBe(false);
      await page.mouse.move(40, 40);
      expect(await poll()).toBeUndefined();
      await until(() => isFresh(api), Boolean);
    } finally {
      await fresh.close();
    }
  },
);

inBrowser(
  'C3 a stream that is silent for more than two heartbeats is opened anew, and said to be lost meanwhile',
  async (harness) => {
    const { api, visit } = harness;
    const { page } = await visit({ key: account.member, path: '/no-such-page' });
    await page.getByText('There is no such page').waitFor();
    const proxy = await startProxy(Number(new URL(api.url).port));
    try {
      await page.clock.install();
      await page.goto(`http://127.0.0.1:${proxy.port}/transactions`);
      await page.getByRole('table', { name: 'Transactions' }).waitFor();
      await adjust(api, account.id, '2.34');
      await page.getByRole('row', { name: /\$2\.34/ }).waitFor();
      // The connection stands, and brings nothing any more.
      proxy.hold();
      await page.clock.runFor(39_000);
      expect(await page.getByText('The connection is lost').count()).toBe(0);
      await page.clock.runFor(8_000);
      await page.getByText('The connection is lost').waitFor();
      proxy.release();
      await page.getByText('The connection is lost').waitFor({ state: 'detached' });
      await adjust(api, account.id, '3.45');
      await page.getByRole('row', { name: /\$3\.45/ }).waitFor();
    } finally {
      await page.close();
      await proxy.close();
    }
  },
);

const membersOf = async ({ ask, admin }: TestApi, { id }: TestAccount) =>
  (await ask('GET', `/v1/accounts/${id}/members`, { key: admin })).body.data as { id: string; role: string }[];

/** An account with two owners; the first is demoted by an admin when it is asked. */
async function twoOwners(api: TestApi): Promise<{ shared: TestAccount; demote(): Promise<void> }> {
  const shared = await openAccount(api, '5.00');
  const body = { name: 'Second', email: `second@${shared.id}.example`, role: 'owner' };
  await api.ask('POST', `/v1/accounts/${shared.id}/members`, { key: api.admin, body });
  const [first] = (await membersOf(api, shared)).filter(({ role }) => role === 'owner');
  return {
    shared,
    async demote() {
      const path = `/v1/accounts/${shared.id}/members/${first!.id}`;
      const { status } = await api.ask('PATCH', path, { key: api.admin, body: { role: 'member' } });
      expect(status).toBe(200);
    },
  };
}

inBrowser(
  'C1 an owner who is made a member elsewhere loses the owners’ controls at once; then nothing is asked that is refused',
  async ({ api, visit }) => {
    const { shared, demote } = await twoOwners(api);
    const { page, context, complaints } = await visit({ key: shared.owner });
    await page.getByRole('link', { name: 'Add prepayment' }).waitFor();
    const team = await context.newPage();
    await team.goto(`${api.url}/team`);
    await team.getByRole('table', { name: 'Members' }).waitFor();
    const refused: string[] = [];
    team.on('response', (response) => response.status() === 403 && refused.push(response.url()));
    await demote();
    await page.getByRole('link', { name: 'Add prepayment' }).waitFor({ state: 'detached' });
    await page.getByText('owner · Member').waitFor();
    await team.getByText('This page is not for your role').waitFor();
    // Refused may be what was asked in the moment before the pages heard of it.
    const isThere = async (balance: string): Promise<void> => {
      await adjust(api, shared.id, '1.00');
      await page.getByTestId('balance').getByText(balance).waitFor();
    };
    await isThere('$6.00');
    [complaints, refused].forEach((list) => list.splice(0));
    await isThere('$7.00');
    expect([complaints, refused]).toEqual([[], []]);
  },
);

inBrowser('C1 an owner who makes themselves a member loses the owners’ controls at once', async ({ api, visit }) => {
  const { shared } = await twoOwners(api);
  const { page } = await visit({ key: shared.owner, path: '/team' });
  await tabTo(page, page.getByRole('button', { name: `Edit: owner@${shared.id}.example` }));
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Role').selectOption('member');
  await dialog.getByRole('button', { name: 'Save' }).press('Enter');
  await page.getByText('owner is changed.').waitFor();
  await page.getByText('This page is not for your role').waitFor();
  expect(await page.getByRole('link', { name: 'Team and keys' }).count()).toBe(0);
});

inBrowser('C1 whoever comes next is told nothing of what the one before has done', async ({ api, visit }) => {
  const left = await openAccount(api, '5.00');
  const { page } = await visit({ key: left.owner, path: '/team' });
  const dialog = page.getByRole('dialog');
  const add = async (name: string): Promise<void> => {
    await page.getByRole('button', { name: 'Add a member' }).press('Enter');
    await dialog.getByLabel('Name').fill(name);
    await dialog.getByLabel('E-mail address').fill(`${name}@${left.id}.example`);
    await page.keyboard.press('Enter');
  };
  const told = page.getByRole('button', { name: 'Dismiss' });
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  await page.route('**/members', async (route) => {
    const isAda = route.request().postData()?.includes('Ada') === true;
    if (!isAda) return route.continue();
    const response = await route.fetch();
    await held;
    return route.fulfill({ response });
  });
  await add('Ada');
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await add('Grace');
  await told.waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  expect(await told.count()).toBe(0);
  const heard = page.waitForResponse((response) => response.request().method() === 'POST');
  release();
  await (await heard).finished();
  // Asked after it: by then the page has heard of both.
  await page.getByLabel('Key').fill(left.member);
  await page.keyboard.press('Enter');
  await page.getByText('This page is not for your role').waitFor();
  expect(await told.count()).toBe(0);
});

inBrowser('C1 where no stream tells of it, the first refusal does', async ({ api, visit }) => {
  const { shared, demote } = await twoOwners(api);
  const { page, complaints } = await visit({ key: shared.owner, path: '/no-such-page' });
  await page.route('**/stream', (route) => route.abort());
  await page.goto(`${api.url}/transactions`);
  await page
    .getByText('Auto-reload')
    .or(page.getByRole('table', { name: 'Transactions' }))
    .first()
    .waitFor();
  await demote();
  await page.getByRole('link', { name: 'Notices' }).click();
  await page.getByRole('link', { name: 'Notices' }).waitFor({ state: 'detached' });
  // The refusal is what this test is about.
  complaints.splice(0, complaints.length, ...complaints.filter((complaint) => !complaint.endsWith('was refused')));
});

inBrowser('C1 who can’t sign out or change accounts is told so, by the menu and by the palette', async ({ visit }) => {
  const { page } = await visit({ key: account.member });
  await page.getByTestId('balance').waitFor();
  const problem = {
    type: 'about:blank',
    title: 'No',
    status: 503,
    detail: 'Postgres can not be reached.',
    code: 'database_unavailable',
  };
  await page.route('**/v1/session', (route) =>
    route.fulfill({
      status: 503,
      headers: { 'Content-Type': 'application/problem+json', [PLAYED]: '1' },
      body: JSON.stringify(problem),
    }),
  );
  const told = page.getByRole('alert').getByText('You are still signed in. Postgres can not be reached.');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await told.waitFor();
  await expectAccessible(page);
  await page.reload();
  await page.getByTestId('balance').waitFor();
  expect(await told.count()).toBe(0);
  await page.keyboard.press('Control+k');
  await page.getByRole('dialog', { name: 'Go to' }).locator('input:focus').waitFor();
  await page.keyboard.type('sign out');
  await page.keyboard.press('Enter');
  await told.waitFor();
  await page.getByRole('button', { name: 'Dismiss' }).click();
  await told.waitFor({ state: 'detached' });
  await page.unroute('**/v1/session');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
});

inBrowser('nothing in these pages breaks a rule of the browser’s', ({ expectNoComplaints }) => expectNoComplaints());
