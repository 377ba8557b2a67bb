/** What owners read of the past: long lists that stay cheap, the terms as they are recorded, and why a card failed. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { parseMoney } from '../../domain/money';
import { recordDecision } from '../../ledger/decisions/recordDecision';
import { postNotice } from '../../ledger/notices/postNotice';
import { addCard, expectAccessible, expectNoSidewaysScroll, testsInBrowser } from '../support/browser';
import { adjust, openAccount, putModel, report, type TestAccount, type TestApi } from '../support/api';
import { until } from '../support/notices';

let account: TestAccount;
const inBrowser = testsInBrowser(async ({ api }) => {
  account = await openAccount(api, '25.00');
  await putModel(api);
});

const PAGE = 50;

inBrowser('C3 a long list under steady usage is read again by its newest page alone', async ({ visit, api }) => {
  const busy = await openAccount(api, '25.00');
  for (let lines = 0; lines < 2 * PAGE; lines++) await adjust(api, busy.id, '0.01');
  const { page } = await visit({ key: busy.owner, path: '/transactions' });
  const rows = page.getByRole('table', { name: 'Transactions' }).getByRole('row');
  const shows = (count: number) =>
    until(
      () => rows.count(),
      (found) => found === count + 1,
    );
  await shows(PAGE);
  for (const pages of [2, 3]) {
    await page.getByRole('button', { name: 'Show more' }).click();
    await shows(Math.min(pages * PAGE, 2 * PAGE + 1));
  }
  const asked: URL[] = [];
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.pathname.endsWith('/transactions')) asked.push(url);
  });
  const NEWS = 4;
  for (let nth = 0; nth < NEWS; nth++) {
    await report(api, [{ id: `steady-${nth}`, accountId: busy.id, model: 'model', inputTokens: 1_000 }]);
    // It came above the others, and none of those that were loaded is gone.
    await shows(2 * PAGE + 2 + nth);
  }
  expect(asked.length).toBeGreaterThan(0);
  expect(asked.length).toBeLessThanOrEqual(NEWS);
  expect(asked.filter(({ searchParams }) => searchParams.has('cursor'))).toEqual([]);
});

inBrowser('A14 the terms on the screen are those that are recorded', async ({ visit, api }) => {
  const { page } = await visit({ key: account.owner, path: '/overview?window=auto-reload' });
  const { body } = await api.ask('GET', `/v1/accounts/${account.id}/auto-reload`, { key: account.owner });
  await page.getByRole('dialog').getByRole('checkbox', { name: body.terms.text }).waitFor();
  await expectAccessible(page);
});

inBrowser(
  'A11 a failed card is named with why it failed, to members, and when it is removed, too',
  async ({ visit, api }) => {
    const { body: card } = await addCard(api, account, 'pm_card_mastercard');
    await api.database.pool.query(`update payment_methods set unusable_because = 'expired_card' where id = $1`, [
      card.id,
    ]);
    const reload = await failReload(api, account.id, card.id);
    const { body: backup } = await addCard(api, account, 'pm_card_visa');
    await api.database.pool.query(
      `insert into payment_attempts (payment_id, attempt, payment_method_id, role, confirmations, outcome, decline_code)
       values ($1, 1, $2, 'backup', 1, 'declined', 'insufficient_funds')`,
      [reload, backup.id],
    );
    const { page } = await visit({ key: account.owner, path: '/payments' });
    await page
      .getByText('Declined because the card has expired. It is not charged again until it is replaced.')
      .waitFor();
    await expectAccessible(page);
    await api.ask('DELETE', `/v1/accounts/${account.id}/payment-methods/${card.id}`, { key: account.owner });
    const other = await visit({ key: account.member, path: '/payments' });
    await other.page
      .getByRole('table', { name: 'Reloads' })
      .getByText('1. Mastercard ending in 4444: declined, the card has expired')
      .waitFor();
    // One attempt asks both cards: its number stands once.
    await other.page.getByText('Then Visa ending in 4242: declined, the card has insufficient funds').waitFor();
    await expectAccessible(other.page);
  },
);

inBrowser('N1 owners read what was told, to whom, by which channel, and whether it arrived', async ({ visit, api }) => {
  const { pool } = api.database;
  const told = await openAccount(api, '25.00');
  const { page } = await visit({ key: told.owner, path: '/notices' });
  await page.getByText('Nothing has been told yet').waitFor();
  await expectAccessible(page);
  await postNotice(pool, told.id, `resumed/${told.id}`, { kind: 'resumed', available: '25.00' });
  await pool.query(
    `update notice_deliveries set status = 'sent', attempts = 2, sent_at = now()
     where notice_id in (select id from notices where account_id = $1)`,
    [told.id],
  );
  const row = page.getByRole('table', { name: 'Notices' }).getByRole('row').filter({ hasText: 'Access is back' });
  await row.getByText(`owner@${told.id}.example`).waitFor();
  await row.getByText('by mail').waitFor();
  await row.getByText('What it says').click();
  await row.getByText('Access to inference is back. You have $25.00 available.').waitFor();
  await expectAccessible(page);
  await page.reload();
  await row.getByText('Sent', { exact: true }).waitFor();
  await row.getByText('2 tries').waitFor();
  await page.setViewportSize({ width: 390, height: 844 });
  await expectNoSidewaysScroll(page);
  await expectAccessible(page);
});

inBrowser('a member is not shown what owners were told', async ({ visit }) => {
  const { page } = await visit({ key: account.member, path: '/notices' });
  await page.getByText('This page is not for your role').waitFor();
  expect(await page.getByRole('link', { name: 'Notices' }).count()).toBe(0);
});

inBrowser('C1 each table of a page is sorted by itself, in the address', async ({ visit, api }) => {
  const sorted = await openAccount(api, '25.00');
  for (const card of ['pm_card_visa', 'pm_card_mastercard']) await addCard(api, sorted, card);
  for (const amount of ['5.00', '30.00', '10.00'])
    await api.ask('POST', `/v1/accounts/${sorted.id}/prepayments`, {
      key: sorted.owner,
      body: { amount },
      headers: { 'Idempotency-Key': amount },
    });
  await failReload(api, sorted.id, null);
  const { page } = await visit({ key: sorted.owner, path: '/payments?sort.reloads=number:asc' });
  const table = (name: string) => page.getByRole('table', { name, exact: true });
  const sortedBy = (name: string) =>
    table(name)
      .locator('th[aria-sort]')
      .evaluateAll((heads) => heads.map((head) => (head as { textContent: string | null }).textContent));
  await table('Prepayments').getByRole('button', { name: 'Amount' }).click();
  await page.waitForURL(/sort\.prepayments=amount/);
  expect(await sortedBy('Prepayments')).toEqual(['Amount']);
  expect(await sortedBy('Reloads')).toEqual(['No.']);
  expect(await table('Prepayments').locator('td:last-child').allTextContents()).toEqual(['$5.00', '$10.00', '$30.00']);
  await page.reload();
  await table('Prepayments').waitFor();
  await table('Reloads').waitFor();
  expect([await sortedBy('Prepayments'), await sortedBy('Reloads')]).toEqual([['Amount'], ['No.']]);
});

inBrowser('C1 a list that is sorted before all of it is shown says so', async ({ visit, api }) => {
  for (let accounts = 0; accounts <= PAGE; accounts++) await openAccount(api);
  const { page } = await visit({ key: api.admin, path: '/accounts' });
  const among = page.getByText(`Sorted among the ${PAGE} that are shown. There are more.`);
  await page.getByRole('table', { name: 'Accounts' }).waitFor();
  expect(await among.count()).toBe(0);
  await page.getByRole('button', { name: 'Balance' }).click();
  await among.waitFor();
  await expectAccessible(page);
  const more = page.getByRole('button', { name: 'Show more' });
  await more.click();
  await more.waitFor({ state: 'detached' });
  expect(await page.getByText('Sorted among').count()).toBe(0);
});

inBrowser('C1 a list is saved whole, as the API has it as CSV, with its filter and its sum', async ({ visit, api }) => {
  const saved = await openAccount(api, '25.00');
  for (let lines = 0; lines < PAGE + 5; lines++) await adjust(api, saved.id, '0.01');
  await report(api, [
    { id: 'saved', accountId: saved.id, model: 'model', inputTokens: 123_457, outputTokens: 3 },
    { id: 'cheap', accountId: saved.id, model: 'model', inputTokens: 1 },
  ]);
  const { page } = await visit({ key: saved.owner, path: '/transactions?kind=adjustment' });
  const save = async () => {
    const button = page.getByRole('button', { name: 'Download CSV' }).first();
    const [file] = await Promise.all([page.waitForEvent('download'), button.click()]);
    return { name: file.suggestedFilename(), rows: parse(readFileSync(await file.path(), 'utf8'), { columns: true }) };
  };
  const ledger = await save();
  expect(ledger.name).toBe('transactions.csv');
  expect(ledger.rows).toHaveLength(PAGE + 6);
  expect(new Set(ledger.rows.map(({ kind }: any) => kind))).toEqual(new Set(['adjustment']));
  await page.goto(new URL('/usage', page.url()).href);
  const usage = await save();
  const { body } = await api.ask('GET', `/v1/accounts/${saved.id}/usage`, { key: saved.owner });
  const sum = usage.rows.reduce((all: bigint, { cost }: any) => all + parseMoney(cost), 0n);
  expect(sum).toBe(parseMoney(body.total));
});

inBrowser(
  'A15 why each charge, refusal and suspension: in one sentence of the decision log',
  async ({ visit, api }) => {
    const { pool } = api.database;
    const asked = await openAccount(api, '1.00');
    const ask = (method: string, path: string, body: object) =>
      api.ask(method, `/v1/accounts/${asked.id}/${path}`, {
        key: asked.owner,
        body,
        headers: { 'Idempotency-Key': 'first' },
      });
    await addCard(api, asked);
    await ask('POST', 'prepayments', { amount: '5.00' });
    await ask('PUT', 'auto-reload', { threshold: '10.00', amount: '25.00', acceptTerms: true });
    const decide = (kind: string, because: string) =>
      recordDecision(pool, asked.id, { id: `${kind}/${asked.id}`, atMs: Date.now(), kind, rule: 'A3', because }, {});
    await decide('suspend', 'the balance is used up: available is $0.00');
    await decide('not_charged', 'a reload is due, but it would go over the monthly limit');
    const { page } = await visit({ key: asked.owner, path: '/transactions' });
    const decisions = page.getByRole('table', { name: 'Decisions' });
    for (const [kind, because] of [
      ['Not charged', 'A reload is due, but it would go over the monthly limit.'],
      ['Access suspended', 'The balance is used up: available is $0.00.'],
    ] as const)
      await decisions.getByRole('row').filter({ hasText: kind }).getByText(because).waitFor();
    await expectAccessible(page);
    const why = page.getByRole('dialog').getByText(/asked to configure auto-reload/);
    const line = (kind: string) =>
      page.getByRole('table', { name: 'Transactions' }).getByRole('row').filter({ hasText: kind });
    await line('Prepayment')
      .getByRole('button', { name: /^Why transaction/ })
      .press('Enter');
    await page.getByRole('dialog').getByText('An owner made this payment; nothing is prepaid by itself.').waitFor();
    await expectAccessible(page);
    await page.keyboard.press('Escape');
    await line('Reload')
      .getByRole('button', { name: /^Why transaction/ })
      .press('Enter');
    await why.waitFor();
    await expectAccessible(page);
    await page.keyboard.press('Escape');
    await page.goto(new URL('/payments', page.url()).href);
    await page.getByRole('button', { name: 'Why: reload 1' }).press('Enter');
    await why.waitFor();
    // What was decided is for owners to read: others are not led to a refusal.
    const other = await visit({ key: asked.member, path: '/transactions' });
    await other.page.getByRole('table', { name: 'Transactions' }).waitFor();
    expect(await other.page.getByText('Decisions').count()).toBe(0);
    expect(await other.page.getByRole('button', { name: /^Why/ }).count()).toBe(0);
  },
);

/** A reload of the account that has failed, as the workflow leaves it. */
async function failReload(
  { database: { pool } }: TestApi,
  accountId: string,
  methodId: string | null,
): Promise<string> {
  const id = randomUUID();
  await pool.query(
    `insert into payments (id, account_id, purpose, amount_cents, status, actor) values ($1, $2, 'reload', 2500, 'failed', 'workflow')`,
    [id, accountId],
  );
  await pool.query(
    `insert into reloads (id, account_id, number, state, due_at, closed_at) values ($1, $2, 1, 'failed', now(), now())`,
    [id, accountId],
  );
  if (methodId === null) return id;
  await pool.query(
    `insert into payment_attempts (payment_id, attempt, payment_method_id, role, confirmations, outcome, decline_code, decline_message)
     values ($1, 1, $2, 'primary', 1, 'declined', 'expired_card', 'Your card has expired.')`,
    [id, methodId],
  );
  return id;
}

inBrowser('nothing in these pages breaks a rule of the browser’s', ({ expectNoComplaints }) => {
  expectNoComplaints();
  return Promise.resolve();
});
