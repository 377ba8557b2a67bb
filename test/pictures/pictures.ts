/** What there is to be seen: every page as each role sees it, every window, and every state that was designed. */
import type { Page, Route } from 'playwright-core';
import type { ShownAccounts } from './accounts';

export type Visitor = 'admin' | 'modifier' | 'member' | keyof ShownAccounts;
export type Picture = {
  name: string;
  as: Visitor;
  path: string;
  /** What is done before the page is opened, and what when it is there. */
  before?: (page: Page) => Promise<unknown>;
  open?: (page: Page) => Promise<void>;
};

const OWNERS = ['overview', 'pay', 'payments', 'transactions', 'usage', 'batches', 'notices', 'limits', 'team'];
const OWNER_PAGES = [...OWNERS, 'webhooks', 'models'].map((name) => ({ name, path: `/${name}` }));
const ADMIN_PAGES = [
  { name: 'accounts', path: '/accounts' },
  { name: 'account', path: '/accounts/harbor' },
  { name: 'account-team', path: '/accounts/harbor/team' },
  ...['limit-requests', 'rejected-usage', 'reconcile', 'system'].map((name) => ({ name, path: `/${name}` })),
];

const button = (name: RegExp) => async (page: Page) => {
  await page.getByRole('button', { name }).first().click();
  await page.getByRole('dialog').waitFor();
};

/** On a phone the sections are in it. */
async function openMenu(page: Page): Promise<void> {
  const menu = page.getByRole('button', { name: 'Menu' });
  if (await menu.isVisible()) await menu.click();
}

async function openPalette(page: Page): Promise<void> {
  await openMenu(page);
  await button(/^Go to/)(page);
}

/** The newest prepayment was left at Checkout. */
const leaveUnpaid = (page: Page) =>
  page.route('**/prepayments?*', async (route) => {
    const list = await (await route.fetch()).json();
    const [newest, ...older] = list.data;
    const { receiptUrl: _, ...unpaid } = { ...newest, status: 'processing', unpaidAtCheckout: true };
    await route.fulfill({ json: { ...list, data: [unpaid, ...older] } });
  });

const haveTwoAccounts = (page: Page) =>
  page.route('**/v1/session/current', async (route) => {
    const { session } = await (await route.fetch()).json();
    const accounts = [...session.accounts, { id: 'elsewhere', name: 'Northern Lights Translation', role: 'member' }];
    await route.fulfill({ json: { session: { ...session, accounts } } });
  });

/** The settings that are looked at, ticked and picked; nothing is sent. */
async function wishAutoReload(page: Page): Promise<void> {
  const pick = (group: string, name: string) =>
    page.getByRole('group', { name: group }).getByRole('radio', { name, exact: true }).check();
  await page.getByRole('checkbox', { name: 'Enable Serverless Inference auto-reload' }).check();
  await pick('Reload when balance reaches or goes below', '$10');
  await pick('Reload amount', '$25');
  await page.getByRole('img', { name: 'Balance over time: These settings' }).waitFor();
}

const fill = (window: RegExp, label: string, typed: string) => async (page: Page) => {
  await button(window)(page);
  await page.getByRole('dialog').getByLabel(label).fill(typed);
};

/** Sends an adjustment that never gets its answer. */
async function adjustInVain(page: Page): Promise<void> {
  await fill(/^Adjust the balance/, 'Amount in dollars', '12.50')(page);
  await page.getByRole('dialog').getByLabel('Reason').fill('A courtesy');
  await page.keyboard.press('Enter');
  await page.getByText('no answer has come').waitFor();
}

/** A file with a fault on each of its lines but the first. */
async function chooseFaultyFile(page: Page): Promise<void> {
  const line = (custom_id: string, model: string): string =>
    JSON.stringify({
      custom_id,
      method: 'POST',
      url: '/v1/chat/completions',
      body: { model, messages: [{ role: 'user', content: 'Translate this.' }] },
    });
  const lines = [line('one', 'gpt-4.1'), 'no request', line('one', 'gpt-4.1'), line('two', 'gpt-9')];
  await page
    .getByLabel('Requests, as JSON lines')
    .setInputFiles({ name: 'faulty.jsonl', mimeType: 'application/jsonl', buffer: Buffer.from(lines.join('\n')) });
  await page.getByRole('table', { name: 'What is wrong, by line' }).waitFor();
}

const WINDOWS: readonly Picture[] = [
  { name: 'auto-reload', as: 'thriving', path: '/overview?window=auto-reload' },
  { name: 'auto-reload-wish', as: 'suspended', path: '/overview?window=auto-reload', open: wishAutoReload },
  { name: 'auto-reload-declined', as: 'declined', path: '/overview?window=auto-reload' },
  { name: 'auto-reload-paused', as: 'paused', path: '/overview?window=auto-reload' },
  {
    name: 'auto-reload-turn-off',
    as: 'thriving',
    path: '/overview?window=auto-reload',
    open: (page) => page.getByRole('checkbox', { name: 'Enable Serverless Inference auto-reload' }).uncheck(),
  },
  { name: 'palette', as: 'thriving', path: '/overview', open: openPalette },
  {
    name: 'pay-summary',
    as: 'thriving',
    path: '/pay',
    open: (page) => page.getByLabel('Amount', { exact: true }).fill('100'),
  },
  {
    name: 'pay-comma',
    as: 'thriving',
    path: '/pay',
    open: (page) => page.getByLabel('Amount', { exact: true }).fill('12,50'),
  },
  { name: 'pay-left', as: 'thriving', path: '/pay?from=canceled' },
  { name: 'payments-unpaid', as: 'thriving', path: '/payments', before: leaveUnpaid },
  { name: 'accounts-of-mine', as: 'thriving', path: '/overview', before: haveTwoAccounts, open: openMenu },
  { name: 'method-remove', as: 'thriving', path: '/payments', open: button(/^Remove/) },
  { name: 'why', as: 'thriving', path: '/payments', open: button(/^Why/) },
  { name: 'why-prepayment', as: 'paused', path: '/transactions', open: button(/^Why/) },
  { name: 'events', as: 'thriving', path: '/transactions', open: button(/^Events of/) },
  { name: 'batch-new', as: 'thriving', path: '/batches?window=new' },
  { name: 'batch-fits', as: 'thriving', path: '/batches', open: button(/^Run as a batch: reviews/) },
  { name: 'batch-refused', as: 'thriving', path: '/batches?window=new', open: chooseFaultyFile },
  { name: 'batch-why', as: 'thriving', path: '/batches', open: button(/^Why/) },
  { name: 'batch-cancel', as: 'thriving', path: '/batches', open: button(/^Cancel/) },
  { name: 'member-add', as: 'thriving', path: '/team?window=member' },
  { name: 'member-edit', as: 'thriving', path: '/team', open: button(/^Edit/) },
  { name: 'member-remove', as: 'thriving', path: '/team', open: button(/^Remove/) },
  { name: 'key-make', as: 'thriving', path: '/team?window=key' },
  { name: 'key-revoke', as: 'thriving', path: '/team', open: button(/^Revoke/) },
  { name: 'limit-ask', as: 'thriving', path: '/limits', open: button(/^Ask for more/) },
  { name: 'webhook-add', as: 'thriving', path: '/webhooks?window=endpoint' },
  { name: 'webhook-secret', as: 'thriving', path: '/webhooks', open: button(/^New secret/) },
  {
    name: 'adjust',
    as: 'admin',
    path: '/accounts/harbor',
    open: fill(/^Adjust the balance/, 'Amount in dollars', '-12.50'),
  },
  {
    name: 'adjust-unanswered',
    as: 'admin',
    path: '/accounts/harbor',
    before: (page) => page.route('**/adjustments', (route) => route.abort('connectionreset')),
    open: adjustInVain,
  },
  {
    name: 'told-elsewhere',
    as: 'admin',
    path: '/accounts/harbor',
    before: (page) =>
      page.route('**/suspension', async (route) => {
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        await route.abort('connectionreset');
      }),
    open: async (page) => {
      await fill(/^Suspend access/, 'Reason', 'An abuse report')(page);
      await page.keyboard.press('Enter');
      await page.keyboard.press('Escape');
      await page.getByRole('alert').waitFor();
    },
  },
  { name: 'suspend', as: 'admin', path: '/accounts/harbor', open: button(/^Suspend access/) },
  { name: 'refund', as: 'admin', path: '/accounts/harbor', open: fill(/^Refund/, 'Amount', '5') },
  { name: 'close', as: 'admin', path: '/accounts/harbor', open: button(/^Close the account/) },
  { name: 'limit-decide', as: 'admin', path: '/limit-requests', open: button(/^Decide/) },
  { name: 'price-new', as: 'admin', path: '/models', open: button(/^New price/) },
  { name: 'reconcile-ask', as: 'admin', path: '/reconcile?window=reconcile' },
  { name: 'prices', as: 'admin', path: '/models', open: button(/^Prices/) },
];

type Answering = 'never' | 'failing' | 'refusing';
const PROBLEMS = { failing: [503, 'unavailable'], refusing: [403, 'forbidden'] } as const;

/** How the API's answers reach the page; who is signed in is always told, and what moves by itself goes on. */
const answering = (how: Answering) => (page: Page) =>
  page.route('**/v1/**', (route: Route) => {
    const { pathname } = new URL(route.request().url());
    if (pathname.startsWith('/v1/session') || pathname.endsWith('/stream')) return route.continue();
    if (how === 'never') return undefined;
    const [status, code] = PROBLEMS[how];
    const body = { type: 'about:blank', title: 'No', status, detail: 'The database can’t be reached.', code };
    return route.fulfill({ status, contentType: 'application/problem+json', body: JSON.stringify(body) });
  });

/** Whatever matches is not reached any more; who is signed in is always told. */
const losing = (pattern: string) => (page: Page) =>
  page.route(pattern, (route: Route) =>
    new URL(route.request().url()).pathname.startsWith('/v1/session') ? route.continue() : route.abort(),
  );

const answerWith = (body: object, status = 200) => ({
  status,
  contentType: status < 400 ? 'application/json' : 'application/problem+json',
  body: JSON.stringify(body),
});

/** The session of this browser becomes another one, or none, and another tab tells of it. */
const sessionBecomes = (session: object | null, said: string) => async (page: Page) => {
  await page.route('**/v1/session/current', (route: Route) => route.fulfill(answerWith({ session })));
  await page.evaluate(`new BroadcastChannel('ballast.session').postMessage('begun')`);
  await page.getByText(said).waitFor();
};
const SOMEBODY_ELSE = {
  role: 'member',
  accountId: 'harbor',
  member: { id: '00000000-0000-4000-8000-000000000000', name: 'Mae Okafor', email: 'mae@harbor.example' },
  accounts: [{ id: 'harbor', name: 'Harbor Research', role: 'member' }],
};

async function failToSignOut(page: Page): Promise<void> {
  const detail = 'The database can’t be reached.';
  const problem = { type: 'about:blank', title: 'No', status: 503, detail, code: 'database_unavailable' };
  await page.route('**/v1/session', (route: Route) => route.fulfill(answerWith(problem, 503)));
  await openMenu(page);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('alert').waitFor();
}

const STATES: Readonly<Record<string, Answering>> = { loading: 'never', failed: 'failing', forbidden: 'refusing' };
const inStates = (as: Visitor, pages: readonly { name: string; path: string }[]): Picture[] =>
  pages.flatMap(({ name, path }) =>
    Object.entries(STATES).map(([state, how]) => ({ name: `${name}-${state}`, as, path, before: answering(how) })),
  );

export const PICTURES: readonly Picture[] = [
  ...OWNER_PAGES.map((page) => ({ ...page, as: 'thriving' as const })),
  ...ADMIN_PAGES.map((page) => ({ ...page, as: 'admin' as const })),
  ...(['modifier', 'member', 'suspended', 'declined', 'paused'] as const).map((as) => ({
    name: `overview-${as}`,
    as,
    path: '/overview',
  })),
  ...(['modifier', 'member'] as const).map((as) => ({ name: `limits-${as}`, as, path: '/limits' })),
  ...(['suspended', 'declined'] as const).map((as) => ({ name: `payments-${as}`, as, path: '/payments' })),
  ...OWNER_PAGES.map(({ name, path }) => ({ name: `${name}-empty`, as: 'empty' as const, path })),
  { name: 'accounts-empty', as: 'admin', path: '/accounts?q=no-such' },
  { name: 'account-missing', as: 'admin', path: '/accounts/nobody' },
  { name: 'models-admin', as: 'admin', path: '/models' },
  { name: 'not-for-role', as: 'member', path: '/team' },
  { name: 'no-such-page', as: 'thriving', path: '/no-such-page' },
  {
    name: 'overview-stale',
    as: 'thriving',
    path: '/overview',
    before: losing('**/stream'),
    open: (page) => page.getByText('The connection is lost').waitFor(),
  },
  {
    name: 'session-over',
    as: 'thriving',
    path: '/team?window=member',
    open: sessionBecomes(null, 'Your session has ended'),
  },
  {
    name: 'session-of-another',
    as: 'thriving',
    path: '/overview',
    open: sessionBecomes(SOMEBODY_ELSE, 'Another member or account is signed in'),
  },
  { name: 'sign-out-failed', as: 'thriving', path: '/overview', open: failToSignOut },
  ...['overview', 'payments'].map((name) => ({
    name: `${name}-offline-failed`,
    as: 'thriving' as const,
    path: `/${name}`,
    before: losing('**/v1/**'),
  })),
  ...WINDOWS,
  ...inStates('thriving', OWNER_PAGES),
  ...inStates('admin', ADMIN_PAGES),
];

/** Those that docs/console.md shows, by name, width and theme. */
export const IN_DOCS: readonly string[] = [
  'overview-1440-light',
  'overview-390-dark',
  'auto-reload-1440-light',
  'auto-reload-declined-390-light',
  'payments-declined-1440-light',
  'usage-1440-dark',
  'account-1440-light',
  'palette-1440-dark',
];
