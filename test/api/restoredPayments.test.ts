/** O4, P3: Postgres is restored from an older copy; what Stripe has charged since is neither charged again nor lost. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../dev/commands';
import { transaction } from '../../ledger/db';
import { MIGRATION_LOCK } from '../../ledger/migrate';
import { findViolations } from '../../ledger/transactions/findViolations';
import {
  openAccount,
  putModel,
  report,
  startTestApi,
  type Answer,
  type TestAccount,
  type TestApi,
} from '../support/api';
import { stableId } from '../../payments/stableId';
import { until } from '../support/notices';
import { createTestDatabase } from '../support/database';
import { keepCopy } from '../support/olderCopy';
import { beginAtStripe, linesOf } from '../support/paid';
import { testClaims } from '../support/provider';
import { times } from '../support/times';
import { World } from '../support/world';

let world: World;
let api: TestApi;
beforeAll(async () => {
  world = await World.start({ stripeTimeoutMs: 5_000, time: 'real', relay: true });
  api = await startTestApi({ database: world.database, temporal: world.client, stripe: world.stripe });
  await putModel(api);
});
afterEach(async () => expect(await findViolations(world.database.pool)).toEqual([]));
afterAll(async () => {
  await api.close();
  await world.close();
});

const ofAccount = (account: TestAccount, method: string, path: string, body?: object, key?: string): Promise<Answer> =>
  api.ask(method, `/v1/accounts/${account.id}${path}`, {
    key: account.owner,
    ...(body && { body }),
    ...(key && { headers: { 'Idempotency-Key': key } }),
  });
const prepay = (account: TestAccount, key: string, amount = '25.00') =>
  ofAccount(account, 'POST', '/prepayments', { amount }, key);
const withCard = async (card = 'pm_card_visa'): Promise<TestAccount> => {
  const account = await openAccount(api);
  expect((await ofAccount(account, 'POST', '/payment-methods', { paymentMethod: card })).status).toBe(201);
  return account;
};
const lines = (account: TestAccount) => linesOf(world.database.pool, account.id);
const reconcile = async (): Promise<any> => {
  const { status, body } = await api.ask('POST', '/v1/reconcile', { key: api.admin });
  expect({ status, body }).toMatchObject({ status: 200 });
  return body;
};

async function customerOf({ id }: TestAccount): Promise<string> {
  const { rows } = await world.database.pool.query<{ customer: string }>(
    'select stripe_customer_id as customer from accounts where id = $1',
    [id],
  );
  return rows[0]!.customer;
}
const charges = async (customer: string): Promise<{ status: string }[]> =>
  (await world.simulate('GET', `/charges?customer=${customer}`)) as { status: string }[];
const paidCharges = async (account: TestAccount): Promise<number> =>
  (await charges(await customerOf(account))).filter(({ status }) => status === 'succeeded').length;
const looksAt = async (path: string): Promise<number> =>
  ((await world.simulate('GET', `/requests?method=GET&path=${encodeURIComponent(path)}`)) as unknown[]).length;
const intentsOf = async (account: TestAccount) =>
  (await world.stripe.paymentIntents.list({ customer: await customerOf(account), limit: 100 })).data;

test('O4, P6 a reconciliation that was under way during a restore looks again for what the restore has lost, and so does who waits for it', async () => {
  const [open, account] = [await openAccount(api), await withCard()];
  const { intent } = await beginAtStripe(world.stripe, world.database.pool, open.id, 900);
  await reconcile();
  const restore = await keepCopy(world.database);
  expect((await prepay(account, 'lost-under-a-run')).status).toBe(201);

  const path = `^/v1/payment_intents/${intent}`;
  const before = await looksAt(path);
  await world.simulate('POST', '/faults', { match: { method: 'GET', path }, times: 1_000, effect: 'error_500' });
  const asked = reconcile();
  await until(
    () => looksAt(path),
    (looks) => looks > before,
  );
  await restore();
  expect(await lines(account)).toEqual([]);
  await world.clearFaults();

  const { repaired, scanned } = await asked;
  expect(await lines(account)).toEqual(['prepayment 25.00']);
  expect(repaired.newest).toContainEqual(expect.objectContaining({ kind: 'credited', accountId: account.id }));
  expect(scanned.mode).toBe('events');
  expect(await paidCharges(account)).toBe(1);
  await world.stripe.paymentIntents.cancel(intent);
  await reconcile();
});

test('O4 the same prepayment under the same key after a restore: one PaymentIntent, one charge, credited once', async () => {
  const account = await withCard();
  const restore = await keepCopy(world.database);
  const first = await prepay(account, 'again');
  expect(first).toMatchObject({ status: 201, body: { balance: '25.00' } });
  await restore();
  expect(await lines(account)).toEqual([]);
  const answers = await Promise.all(times(5, () => prepay(account, 'again')));
  for (const answer of answers)
    expect(answer).toMatchObject({ status: 201, body: { id: first.body.id, balance: '25.00' } });
  expect(await intentsOf(account)).toHaveLength(1);
  expect(await paidCharges(account)).toBe(1);
  expect(await lines(account)).toEqual(['prepayment 25.00']);
});

test.each([
  ['within a day', false],
  ['days later, when Stripe has forgotten all keys', true],
])(
  'O4 the same prepayment after a restore of a copy from before the first card, %s: one charge, whichever customer it was',
  async (_when, isForgotten) => {
    const account = await openAccount(api);
    const restore = await keepCopy(world.database);
    const addCard = async () =>
      expect(await ofAccount(account, 'POST', '/payment-methods', { paymentMethod: 'pm_card_visa' })).toMatchObject({
        status: 201,
      });
    await addCard();
    const first = await prepay(account, 'again');
    expect(first).toMatchObject({ status: 201, body: { balance: '25.00' } });
    await restore();
    if (isForgotten) await world.simulate('DELETE', '/idempotency-keys');
    await addCard();
    for (const answer of await Promise.all(times(3, () => prepay(account, 'again'))))
      expect(answer).toMatchObject({ status: 201, body: { id: first.body.id, balance: '25.00' } });
    const { data } = await world.stripe.paymentIntents.list({ limit: 100 });
    const paid = data.filter(
      ({ status, metadata }) => status === 'succeeded' && metadata.ballast_account === account.id,
    );
    expect(paid).toHaveLength(1);
    expect(await lines(account)).toEqual(['prepayment 25.00']);
  },
);

test('O4 other content under a key that was lost: the older prepayment stands and is credited, the newer is refused', async () => {
  const account = await withCard();
  const restore = await keepCopy(world.database);
  await prepay(account, 'other');
  await restore();
  for (const _again of [1, 2])
    expect(await prepay(account, 'other', '30.00')).toMatchObject({
      status: 409,
      body: { code: 'idempotency_key_reused' },
    });
  expect(await lines(account)).toEqual(['prepayment 25.00']);
  expect(await prepay(account, 'other')).toMatchObject({ status: 201, body: { balance: '25.00' } });
  expect(await paidCharges(account)).toBe(1);
});

test.each([
  ['never confirmed', null],
  ['declined', 'pm_card_chargeCustomerFail'],
])(
  'O4 other content under a key whose lost PaymentIntent was %s: refused, and nothing is charged',
  async (_how, card) => {
    const account = await withCard();
    const customerId = await customerOf(account);
    const claim = {
      paymentId: stableId('prepayment', account.id, 'unpaid'),
      accountId: account.id,
      purpose: 'prepayment' as const,
      cents: 2_500,
      customerId,
      idempotencyKey: 'unpaid',
      requestHash: 'of the older request',
      reloadNumber: null,
    };
    const { id } = await world.stripe.paymentIntents.create({
      amount: 2_500,
      currency: 'usd',
      customer: customerId,
      metadata: testClaims.metadataOf(claim),
    });
    if (card !== null) {
      const { id: method } = await world.stripe.paymentMethods.attach(card, { customer: customerId });
      const confirming = { payment_method: method, return_url: 'https://ballast.example/' };
      await expect(world.stripe.paymentIntents.confirm(id, confirming)).rejects.toThrow('declined');
    }
    for (const _again of [1, 2])
      expect(await prepay(account, 'unpaid', '30.00')).toMatchObject({
        status: 409,
        body: { code: 'idempotency_key_reused' },
      });
    expect(await paidCharges(account)).toBe(0);
    expect(await intentsOf(account)).toHaveLength(1);
    expect(await lines(account)).toEqual([]);
    const { body } = await ofAccount(account, 'GET', '/prepayments');
    expect(body.data).toMatchObject([{ id: claim.paymentId, amount: '25.00', status: 'canceled' }]);
  },
);

test('O4 a prepayment that was declined before the restore may be declined again, and never leaves two open', async () => {
  const account = await withCard('pm_card_chargeCustomerFail');
  const restore = await keepCopy(world.database);
  expect((await prepay(account, 'no')).status).toBe(402);
  await restore();
  expect((await prepay(account, 'no')).status).toBe(402);
  expect((await intentsOf(account)).filter(({ status }) => status !== 'canceled')).toEqual([]);
  expect(await lines(account)).toEqual([]);
});

test('O4, P6 nineteen payments made since the copy are rebuilt and credited by reconciliation, once each, and charge nothing', async () => {
  const accounts = [await withCard(), await withCard(), await withCard()];
  await reconcile();
  const restore = await keepCopy(world.database);
  for (const [index, account] of accounts.entries())
    for (const nth of times(5, (n) => n))
      expect((await prepay(account, `key-${nth}`, `${5 + index}.00`)).status).toBe(201);
  // Three by Checkout, and one reload.
  for (const account of accounts) {
    const pages = { successUrl: 'https://console.example/ok', cancelUrl: 'https://console.example/no' };
    const { body } = await ofAccount(account, 'POST', '/prepayments/checkout', { amount: '40.00', ...pages }, 'page');
    const session = new URL(body.url).pathname.split('/').at(-1)!;
    await world.simulate('POST', `/checkout-sessions/${session}/submit`, { paymentMethod: 'pm_card_visa' });
  }
  await reconcile();
  const [owner] = accounts as [TestAccount];
  await ofAccount(owner, 'PUT', '/auto-reload', { threshold: '10.00', amount: '25.00', acceptTerms: true });
  await report(api, [{ id: 'all-of-it', accountId: owner.id, model: 'model', inputTokens: 60_000_000 }]);
  await until(
    () => lines(owner),
    (all) => all.some((line) => line === 'reload 25.00'),
  );
  const before = await Promise.all(accounts.map(lines));
  expect(before.flat()).toHaveLength(19);
  const paid = await Promise.all(accounts.map(paidCharges));
  await world.stopWorker();
  await restore();
  await world.startWorker();
  expect((await Promise.all(accounts.map(lines))).flat()).toEqual([]);

  const found = await reconcile();
  expect(found).toMatchObject({ repaired: { credited: 19 }, ledger: { violations: [] } });
  expect(found.unexplained.newest.filter(({ kind }: { kind: string }) => kind === 'paid_unknown')).toEqual([]);
  const after = await Promise.all(accounts.map(lines));
  expect(after.map((all) => [...all].sort())).toEqual(before.map((all) => [...all].sort()));
  expect(await reconcile()).toMatchObject({ repaired: { credited: 0 } });
  for (const [index, account] of accounts.entries()) {
    expect(await prepay(account, 'key-0', `${5 + index}.00`)).toMatchObject({ status: 201 });
    expect(await prepay(account, 'key-0', '77.00')).toMatchObject({ status: 409 });
  }
  expect(await Promise.all(accounts.map(paidCharges))).toEqual(paid);
  const { data } = (await ofAccount(owner, 'GET', '/reloads')).body;
  expect(data).toMatchObject([{ number: 1, amount: '25.00', status: 'succeeded' }]);
});

test('O4 a reload that is due after a restore: what was paid before is found first, and its number is not charged again', async () => {
  const account = await withCard();
  await prepay(account, 'first', '12.00');
  await ofAccount(account, 'PUT', '/auto-reload', { threshold: '10.00', amount: '25.00', acceptTerms: true });
  const restore = await keepCopy(world.database);
  const use = (id: string) => report(api, [{ id, accountId: account.id, model: 'model', inputTokens: 5_000_000 }]);
  await use('one');
  const reloaded = (all: string[]) => all.filter((line) => line.startsWith('reload')).length === 1;
  await until(() => lines(account), reloaded);
  await world.stopWorker();
  await restore();
  await world.startWorker();
  // The usage is reported again, as a client does whose usage is not acknowledged.
  await use('one');
  await until(() => lines(account), reloaded);
  await until(
    async () => (await ofAccount(account, 'GET', '/auto-reload')).body.reload,
    (reload) => reload === null,
  );
  expect(await lines(account)).toEqual(['prepayment 12.00', 'reload 25.00']);
  expect(await paidCharges(account)).toBe(2);
  expect(await intentsOf(account)).toHaveLength(2);
});

test('O4, P5 the same refund under the same key after a restore is one refund', async () => {
  const account = await withCard();
  const { body: paid } = await prepay(account, 'refunded');
  const restore = await keepCopy(world.database);
  const refund = (amount: string) =>
    api.ask('POST', `/v1/accounts/${account.id}/prepayments/${paid.id}/refund`, {
      key: api.admin,
      body: { amount },
      headers: { 'Idempotency-Key': 'back' },
    });
  const first = await refund('10.00');
  expect(first.status).toBe(201);
  await restore();
  const again = await refund('10.00');
  expect(again).toMatchObject({ status: 201, body: { id: first.body.id, amount: '10.00' } });
  expect(await refund('11.00')).toMatchObject({ status: 409 });
  expect(await lines(account)).toEqual(['prepayment 25.00', 'refund -10.00']);
});

test('P6 what Ballast has not signed rebuilds nothing: forged, changed or copied to another customer', async () => {
  const account = await withCard();
  const other = await withCard();
  await prepay(account, 'genuine');
  const [genuine] = await intentsOf(account);
  const customer = await customerOf(account);
  const fresh = {
    paymentId: '6a0f3b0e-6a3c-4a57-9d2f-1d3a5a0f9999',
    accountId: account.id,
    purpose: 'prepayment' as const,
  };
  const claim = {
    ...fresh,
    cents: 900,
    customerId: customer,
    idempotencyKey: 'new',
    requestHash: null,
    reloadNumber: null,
  };
  const signed = testClaims.metadataOf(claim);
  const { ballast_signature: _none, ...unsigned } = signed;
  const forged: [string, Record<string, string>, number][] = [
    [customer, unsigned, 900],
    [customer, { ...signed, ballast_signature: 'x'.repeat(43) }, 900],
    [customer, { ...signed, ballast_cents: '90000' }, 90_000],
    [customer, { ...signed, ballast_account: other.id }, 900],
    [await customerOf(other), signed, 900],
    // A copy of what was genuine: a second payment of the same is nobody's to credit.
    [customer, genuine!.metadata, 2_500],
  ];
  for (const [to, metadata, amount] of forged)
    await world.stripe.paymentIntents.create({
      amount,
      currency: 'usd',
      customer: to,
      confirm: true,
      payment_method: (await world.stripe.paymentMethods.attach('pm_card_visa', { customer: to })).id,
      return_url: 'https://shop.example/',
      metadata,
    });
  const report = await reconcile();
  const kinds = report.unexplained.newest.map(({ kind }: { kind: string }) => kind).sort();
  expect(kinds.filter((kind: string) => kind === 'paid_twice')).toHaveLength(1);
  expect(kinds.filter((kind: string) => kind === 'paid_unknown')).toHaveLength(5);
  expect(await lines(account)).toEqual(['prepayment 25.00']);
  expect(await lines(other)).toEqual([]);
  // Nor does it do so to whoever prepays next.
  expect(await prepay(other, 'next')).toMatchObject({ status: 201, body: { balance: '25.00' } });
});

describe('13.5 a backup by one command, and back by another', () => {
  let folder: string;
  beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'ballast-backup-'))));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** As an operator runs it: compiled by `npm test` before the tests run. */
  const command = (name: 'backup' | 'restore', from: string, url = world.database.ownerUrl) =>
    run(process.execPath, [compiled(name), from], { timeoutMs: 120_000, env: environment(url) });
  const compiled = (name: string): string => join(__dirname, '..', '..', 'dist', 'workers', `${name}.js`);
  const environment = (url: string) => ({
    PATH: process.env.PATH,
    DATABASE_URL: url,
    DATA_DIR: join(folder, 'data'),
  });
  const file = () => join(folder, 'data', 'files', 'file_1');

  test('what was paid since is credited and not charged again, and it is said what usage is missing', async () => {
    mkdirSync(join(folder, 'data', 'files'), { recursive: true });
    writeFileSync(file(), 'kept');
    const account = await withCard();
    const event = (id: string) => ({ id, accountId: account.id, model: 'model', inputTokens: 1_000_000 });
    const balance = async (): Promise<string> => (await ofAccount(account, 'GET', '')).body.balance;
    await prepay(account, 'before');
    await report(api, [event('kept')]);
    expect(await command('backup', join(folder, 'one'))).toMatchObject({ code: 0 });
    await prepay(account, 'since', '30.00');
    await report(api, [event('lost')]);
    rmSync(file());
    const [paid, was] = [await paidCharges(account), await balance()];
    expect([paid, was]).toEqual([2, '53.00']);

    expect(await command('restore', join(folder, 'one'))).toMatchObject({ code: 0 });
    expect(await lines(account)).toEqual(['prepayment 25.00']);
    expect(readFileSync(file(), 'utf8')).toBe('kept');
    const { at } = JSON.parse(readFileSync(join(folder, 'one', 'manifest.json'), 'utf8')) as { at: string };
    const found = await reconcile();
    expect(found).toMatchObject({ ledger: { violations: [] }, restored: { backupAt: at } });
    expect(found.restored.restoredAt > at).toBe(true);
    const text = await api.ask('POST', '/v1/reconcile', { key: api.admin, headers: { Accept: 'text/plain' } });
    expect(text.body).toContain(`Usage that was reported between ${at} and `);
    expect(await lines(account)).toEqual(['prepayment 25.00', 'prepayment 30.00']);
    // The services send what they have reported since, and may send more.
    const again = await report(api, [event('kept'), event('lost')]);
    expect(again.body).toMatchObject({ accepted: 1, duplicates: 1 });
    expect([await paidCharges(account), await balance()]).toEqual([paid, was]);
  });

  test('killed as soon as the older rows are there, it is known all the same that usage is missing', async () => {
    const account = await withCard();
    await prepay(account, 'since');
    const { at } = JSON.parse(readFileSync(join(folder, 'one', 'manifest.json'), 'utf8')) as { at: string };
    // What follows the rows waits for this lock.
    const lock = await world.database.owner.connect();
    await lock.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    const restoring = spawn(process.execPath, [compiled('restore'), join(folder, 'one')], {
      stdio: 'ignore',
      env: environment(world.database.ownerUrl),
    });
    try {
      const isGone = async () => (await lock.query('select from accounts where id = $1', [account.id])).rowCount === 0;
      await until(isGone, Boolean);
    } finally {
      restoring.kill('SIGKILL');
      await once(restoring, 'exit');
      await lock.query('select pg_advisory_unlock($1)', [MIGRATION_LOCK]);
      lock.release();
    }
    expect((await reconcile()).restored).toMatchObject({ backupAt: at });
  });

  test('a damaged backup, and a folder that is none, are refused, and nothing is changed', async () => {
    const account = await withCard();
    await prepay(account, 'stays');
    const damaged = join(folder, 'damaged');
    cpSync(join(folder, 'one'), damaged, { recursive: true });
    writeFileSync(join(damaged, 'ledger_lines.copy.gz'), 'something else');
    const answers = [await command('restore', damaged), await command('restore', folder)];
    expect(answers).toMatchObject([
      { code: 1, output: expect.stringContaining('ledger_lines.copy.gz is missing, or is not what was written') },
      { code: 1, output: expect.stringContaining('is no backup') },
    ]);
    expect(await lines(account)).toEqual(['prepayment 25.00']);
    expect(await command('backup', join(folder, 'one'))).toMatchObject({ code: 1 });
    expect(existsSync(join(folder, 'one.part'))).toBe(false);
  });

  test('an empty database is made from a backup, and is right', async () => {
    const other = await createTestDatabase();
    try {
      // As from a server that had come further with its transactions.
      await transaction(world.database.owner, async (tx) => {
        await tx.query('set local session_replication_role = replica');
        await tx.query(`update balances set gate_changed_xid = '9999999999999'`);
      });
      expect(await command('backup', join(folder, 'further'))).toMatchObject({ code: 0 });
      await other.owner.query('drop schema public cascade; create schema public');
      expect(await command('restore', join(folder, 'further'), other.ownerUrl)).toMatchObject({ code: 0 });
      const { tables } = JSON.parse(readFileSync(join(folder, 'further', 'manifest.json'), 'utf8')) as {
        tables: { name: string; rows: number }[];
      };
      const rows = async (table: string): Promise<number> =>
        Number((await other.owner.query<{ n: bigint }>(`select count(*) as n from ${table}`)).rows[0]!.n);
      const lost = [];
      for (const { name, rows: had } of tables) if (name !== 'restores' && (await rows(name)) !== had) lost.push(name);
      expect(lost).toEqual([]);
      expect(await rows('ledger_lines')).toBeGreaterThan(1);
      expect(await findViolations(other.owner)).toEqual([]);
      const changed = 'select from balances where gate_changed_xid > pg_current_xact_id()';
      expect((await other.owner.query(changed)).rowCount).toBe(0);
    } finally {
      await other.drop();
    }
  });
});
