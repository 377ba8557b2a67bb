/** Closing an account: refused while anything is open, then nothing is left but the ledger, wherever it is cut off. */
import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { beginClosing } from '../../ledger/accounts/beginClosing';
import { eraseHistory } from '../../ledger/accounts/eraseHistory';
import { transaction } from '../../ledger/db';
import { changeSettings } from '../../ledger/settings/changeSettings';
import { startDelivering } from '../../notices/deliver';
import { createMailer } from '../../notices/mailer';
import { balanceWorkflowId } from '../../workflows/messages';
import {
  adjust,
  openAccount,
  putModel,
  report,
  startTestApi,
  TEST_WEBHOOK_SECRETS,
  type Answer,
  type TestAccount,
  type TestApi,
} from '../support/api';
import { insertBatchModel, runningBatch } from '../support/batchJob';
import { testInvitations, testSignIns } from '../support/links';
import { until } from '../support/notices';
import { keepCopy } from '../support/olderCopy';
import { beginAtStripe, linesOf } from '../support/paid';
import { startSmtpSink } from '../support/smtpSink';
import { times } from '../support/times';
import { World } from '../support/world';

let world: World;
let api: TestApi;
let other: TestApi;
beforeAll(async () => {
  world = await World.start({ time: 'real', relay: true });
  const on = { database: world.database, temporal: world.client, stripe: world.stripe };
  [api, other] = [await startTestApi(on), await startTestApi(on)];
  await putModel(api);
});
afterEach(async () => {
  await world.clearFaults();
  await deliver(null);
});
afterAll(async () => {
  await api.close();
  await other.close();
  await world.close();
});

const POLICY = { trigger: 'at_or_below' as const, retryDelaysMs: [60_000, 300_000] };
const pool = () => world.database.pool;
const deliver = (target: 'api' | null) =>
  world.simulate(
    'POST',
    '/webhooks/url',
    target ? { url: `${api.url}/v1/webhooks/stripe`, secret: TEST_WEBHOOK_SECRETS[0] } : { url: null },
  );
const close = (account: { id: string }, query = ''): Promise<Answer> =>
  api.ask('DELETE', `/v1/accounts/${account.id}${query}`, { key: api.admin });
const read = async (account: { id: string }, path: string, key = api.admin): Promise<any> =>
  (await api.ask('GET', `/v1/accounts/${account.id}${path}`, { key })).body;
const prepay = (account: TestAccount, amount: string, key: string = randomUUID()): Promise<Answer> =>
  api.ask('POST', `/v1/accounts/${account.id}/prepayments`, {
    key: account.owner,
    body: { amount },
    headers: { 'Idempotency-Key': key },
  });
/** An account that has paid each of these amounts with a card of its own. */
const paid = async (amounts: string[], card = 'pm_card_visa'): Promise<TestAccount> => {
  const account = await openAccount(api);
  await api.ask('POST', `/v1/accounts/${account.id}/payment-methods`, {
    key: account.owner,
    body: { paymentMethod: card },
  });
  for (const amount of amounts) expect((await prepay(account, amount)).status).toBe(201);
  return account;
};
/** A dollar is a million input tokens. */
const use = (account: { id: string }, tokens: number, id: string = randomUUID()) =>
  report(api, [{ id, accountId: account.id, model: 'model', inputTokens: tokens }]);
const lines = (account: { id: string }) => linesOf(pool(), account.id);
const refundsAtStripe = async (account: { id: string }): Promise<number[]> => {
  const { rows } = await pool().query<{ pi: string }>(
    'select payment_intent_id as pi from payments where account_id = $1 and payment_intent_id is not null order by created_at',
    [account.id],
  );
  const listed = await Promise.all(rows.map(({ pi }) => world.stripe.refunds.list({ payment_intent: pi, limit: 100 })));
  return listed.flatMap(({ data }) => data.map(({ amount }) => amount));
};
const customerOf = async (account: { id: string }): Promise<string> =>
  (await pool().query<{ c: string }>('select stripe_customer_id as c from accounts where id = $1', [account.id]))
    .rows[0]!.c;

test('an empty account is closed: the gate denies everywhere, keys are dead, the workflow has ended, the id is never given again', async () => {
  const account = await openAccount(api);
  const service = { key: api.service };
  await other.ask('GET', `/v1/accounts/${account.id}/gate`, service);
  const closed = await close(account);
  expect(closed).toMatchObject({ status: 200, body: { id: account.id, refunded: '0.00', forfeited: '0.00' } });
  expect((await api.ask('GET', `/v1/accounts/${account.id}/gate`, service)).body).toMatchObject({
    allowed: false,
    state: 'suspended',
    reasons: expect.arrayContaining(['account_closed']),
  });
  await until(
    async () => (await other.ask('GET', `/v1/accounts/${account.id}/gate`, service)).body.reasons,
    (reasons: string[]) => reasons.includes('account_closed'),
  );
  expect((await api.ask('GET', `/v1/accounts/${account.id}`, { key: account.owner })).status).toBe(401);
  await until(
    async () => (await world.client.workflow.getHandle(balanceWorkflowId(account.id)).describe()).status.name,
    (status) => status === 'COMPLETED',
  );
  const again = await api.ask('POST', '/v1/accounts', {
    key: api.admin,
    body: { id: account.id, name: 'Again', members: [{ name: 'O', email: 'o@x.example', role: 'owner' }] },
  });
  expect(again).toMatchObject({ status: 409, body: { code: 'account_exists' } });
  expect(await close(account)).toEqual({ ...closed, headers: expect.anything() });
  expect(await read(account, '')).toMatchObject({ closedAt: closed.body.closedAt });
});

test('an open payment, or money of which nothing is said, is 409 and changes nothing; forfeiting wants a reason', async () => {
  const open = await openAccount(api);
  await beginAtStripe(world.stripe, pool(), open.id, 900);
  expect(await close(open, '?balance=refund')).toMatchObject({ status: 409, body: { code: 'account_not_empty' } });
  const rich = await openAccount(api, '5.00');
  expect(await close(rich)).toMatchObject({
    status: 409,
    body: { code: 'account_not_empty', detail: expect.stringContaining('$5.00') },
  });
  expect((await close(rich, '?balance=forfeit')).status).toBe(400);
  expect((await close(rich, '?balance=keep&reason=x')).status).toBe(400);
  for (const account of [open, rich]) {
    expect((await read(account, '/gate')).reasons).not.toContain('account_closed');
    expect((await api.ask('GET', `/v1/accounts/${account.id}`, { key: account.owner })).status).toBe(200);
  }
  expect((await close({ id: 'nobody' })).status).toBe(404);
  expect(await close(rich, '?balance=forfeit&reason=fraud')).toMatchObject({
    status: 200,
    body: { refunded: '0.00', forfeited: '5.00' },
  });
  expect(await lines(rich)).toEqual(['adjustment 5.00', 'adjustment -5.00']);
});

test('an open batch is 409 and is called a batch, beside a payment that is open too', async () => {
  const account = await openAccount(api, '5.00');
  await insertBatchModel(pool());
  const batch = await runningBatch(pool(), account.id, 2);
  const batches = `1 of the account's batches have not ended; the oldest is ${batch}. Wait for them, or cancel them.`;
  expect(await close(account, '?balance=refund')).toMatchObject({
    status: 409,
    body: { code: 'account_not_empty', detail: batches },
  });
  await beginAtStripe(world.stripe, pool(), account.id, 900);
  const { detail } = (await close(account, '?balance=refund')).body as { detail: string };
  expect(detail).toMatch(/^1 of the account's payments are not decided yet; the oldest is prepayment /);
  expect(detail.endsWith(` ${batches}`)).toBe(true);
  expect((await read(account, '/gate')).reasons).not.toContain('account_closed');
});

test('a refund of the balance goes to the payments it came from, newest first, never more than each has left; the rest is said', async () => {
  const account = await paid(['25.00', '30.00']);
  await adjust(api, account.id, '1.50');
  await use(account, 12_000_001);
  expect(await read(account, '')).toMatchObject({ balance: '44.499999' });
  const answer = await close(account, '?balance=refund&reason=moved');
  expect(answer).toMatchObject({ status: 200, body: { refunded: '44.49', forfeited: '0.009999' } });
  expect((await refundsAtStripe(account)).sort()).toEqual([1_449, 3_000]);
  expect((await lines(account)).slice(3)).toEqual(['refund -30.00', 'refund -14.49', 'adjustment -0.009999']);
  expect(await read(account, '')).toMatchObject({ balance: '0.00', held: '0.00' });
  expect((await read(account, '/transactions')).data).toHaveLength(7);
});

test('what can not be refunded is said: credit that nobody paid, and a refund that comes back at once', async () => {
  const granted = await paid(['5.00']);
  await adjust(api, granted.id, '20.00');
  expect(await close(granted, '?balance=refund')).toMatchObject({
    status: 200,
    body: { refunded: '5.00', forfeited: '20.00' },
  });
  const back = await paid(['10.00'], 'pm_card_refundFail');
  expect(await close(back, '?balance=refund')).toMatchObject({
    status: 200,
    body: { refunded: '0.00', forfeited: '10.00' },
  });
  expect(await refundsAtStripe(back)).toEqual([1_000]);
});

const FAULTS: [name: string, fault: object][] = [
  [
    'Stripe is away when it is asked about the payment',
    { match: { path: '^/v1/payment_intents/' }, effect: 'error_503' },
  ],
  ['the refund is not made', { match: { method: 'POST', path: '^/v1/refunds$' }, effect: 'error_500' }],
  [
    'the refund is made, and the answer lost',
    { match: { method: 'POST', path: '^/v1/refunds$' }, effect: 'timeout_after' },
  ],
  ['the customer is not deleted', { match: { method: 'DELETE', path: '^/v1/customers/' }, effect: 'error_503' }],
  [
    'the customer is deleted, and the answer lost',
    { match: { method: 'DELETE', path: '^/v1/customers/' }, effect: 'timeout_after' },
  ],
];
test.each(FAULTS)('cut off where %s, it goes on when it is asked again, and ends the same', async (_name, fault) => {
  const account = await paid(['25.00', '30.00']);
  const customer = await customerOf(account);
  await use(account, 5_000_000);
  await world.simulate('POST', '/faults', { times: 1, ...fault });
  const first = await close(account, '?balance=refund');
  await world.clearFaults();
  if (first.status !== 200) {
    expect(first.status).toBe(503);
    expect((await read(account, '/gate')).reasons).toContain('account_closed');
    expect((await api.ask('GET', `/v1/accounts/${account.id}`, { key: account.owner })).status).toBe(401);
  }
  expect(await close(account, '?balance=refund')).toMatchObject({
    status: 200,
    body: { refunded: '50.00', forfeited: '0.00' },
  });
  expect((await refundsAtStripe(account)).sort()).toEqual([2_000, 3_000]);
  expect((await lines(account)).slice(2)).toEqual(['refund -30.00', 'refund -20.00']);
  expect(await world.stripe.customers.retrieve(customer)).toMatchObject({ deleted: true });
});

test('cut off in the database before each of its steps, it goes on when it is asked again, and ends the same', async () => {
  const steps = ['refund_requests', 'ledger_lines', 'members', 'accounts'];
  for (const table of steps) {
    const account = await paid(['25.00']);
    await adjust(api, account.id, '1.00');
    await world.database.owner.query(
      `create function fall() returns trigger language plpgsql as $$ begin raise exception 'cut off' using errcode = '57P01'; end $$;
       create trigger fall before insert or update on ${table} for each row execute function fall()`,
    );
    expect((await close(account, '?balance=refund')).status).toBe(503);
    await world.database.owner.query(`drop trigger fall on ${table}; drop function fall()`);
    expect(await close(account, '?balance=refund')).toMatchObject({
      status: 200,
      body: { refunded: '25.00', forfeited: '1.00' },
    });
    expect(await refundsAtStripe(account)).toEqual([2_500]);
    expect(await lines(account)).toEqual(['prepayment 25.00', 'adjustment 1.00', 'refund -25.00', 'adjustment -1.00']);
  }
});

test('O4 closed again by a restored database, its payments give back what is left of the balance, and nothing twice', async () => {
  const account = await paid(['50.00']);
  await use(account, 30_000_000);
  const restore = await keepCopy(world.database, 'before_closing');
  expect(await close(account, '?balance=refund')).toMatchObject({ status: 200, body: { refunded: '20.00' } });
  await restore();
  expect(await close(account, '?balance=refund')).toMatchObject({
    status: 200,
    body: { refunded: '20.00', forfeited: '0.00' },
  });
  expect(await refundsAtStripe(account)).toEqual([2_000]);
  expect(await read(account, '')).toMatchObject({ balance: '0.00' });
});

test('a quarantined payment, or a refund of which nobody knows yet, keeps an account from being closed until it is decided', async () => {
  const account = await paid(['25.00', '30.00']);
  const newest = async (): Promise<{ id: string; intent: string }> =>
    (
      await pool().query<{ id: string; intent: string }>(
        'select id, payment_intent_id as intent from payments where account_id = $1 order by created_at desc limit 1',
        [account.id],
      )
    ).rows[0]!;
  await world.simulate('POST', '/faults', {
    times: 1,
    match: { method: 'POST', path: '^/v1/refunds$' },
    effect: 'error_503',
  });
  const refund = async (): Promise<Answer> =>
    api.ask('POST', `/v1/accounts/${account.id}/prepayments/${(await newest()).id}/refund`, {
      key: api.admin,
      body: { amount: '30.00' },
      headers: { 'Idempotency-Key': 'by-an-admin' },
    });
  expect((await refund()).status).toBe(503);
  expect(await close(account, '?balance=refund')).toMatchObject({ status: 409, body: { code: 'account_not_empty' } });
  expect((await refund()).status).toBe(201);

  const { id, intent } = await beginAtStripe(world.stripe, pool(), account.id, 2_500);
  await world.stripe.paymentIntents.confirm(intent, {
    payment_method: 'pm_card_visa',
    return_url: 'https://console.example/',
  });
  await pool().query('update payments set amount_cents = 2400 where id = $1', [id]);
  await api.ask('POST', '/v1/reconcile', { key: api.admin });
  expect(await close(account, '?balance=refund')).toMatchObject({ status: 409, body: { code: 'account_not_empty' } });
  await world.stripe.refunds.create({ payment_intent: intent });
  await api.ask('POST', '/v1/reconcile', { key: api.admin });
  expect(await close(account, '?balance=refund')).toMatchObject({
    status: 200,
    body: { refunded: '25.00', forfeited: '0.00' },
  });
});

test('P5 a closing refund that never came through is asked for again with what the balance is by then', async () => {
  const account = await paid(['25.00', '30.00']);
  await use(account, 35_000_000);
  await world.simulate('POST', '/faults', {
    times: 9,
    match: { method: 'POST', path: '^/v1/refunds$' },
    effect: 'error_503',
  });
  expect((await close(account, '?balance=refund')).status).toBe(503);
  await world.clearFaults();
  await pool().query(`update refund_requests set requested_at = now() - interval '61 minutes' where account_id = $1`, [
    account.id,
  ]);
  const { rows } = await pool().query<{ oldest: string }>(
    'select payment_intent_id as oldest from payments where account_id = $1 order by created_at limit 1',
    [account.id],
  );
  await world.stripe.refunds.create({ payment_intent: rows[0]!.oldest, amount: 1_500 });
  await api.ask('POST', '/v1/reconcile', { key: api.admin });
  expect(await close(account, '?balance=refund')).toMatchObject({
    status: 200,
    body: { refunded: '20.00', forfeited: '0.00' },
  });
  expect(await refundsAtStripe(account)).toEqual([1_500, 500]);
});

test('ten calls at once close it once', async () => {
  const account = await paid(['25.00']);
  const answers = await Promise.all(times(10, () => close(account, '?balance=refund')));
  for (const { status, body } of answers) expect([status, body.refunded]).toEqual([200, '25.00']);
  expect(new Set(answers.map(({ body }) => body.closedAt)).size).toBe(1);
  expect(await refundsAtStripe(account)).toEqual([2_500]);
});

test('a prepayment at the same moment comes first and is found, or is refused: no money comes to a closed account', async () => {
  for (const delayMs of [0, 0, 2, 4, 8, 15, 30]) {
    const account = await paid(['5.00']);
    const paying = prepay(account, '10.00');
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    const [closed, prepaid] = await Promise.all([close(account, '?balance=refund'), paying]);
    if (closed.status === 200) {
      expect([201, 401, 409]).toContain(prepaid.status);
      const came = prepaid.status === 201 ? '15.00' : '5.00';
      expect(closed.body).toMatchObject({ refunded: came, forfeited: '0.00' });
      expect(await read(account, '')).toMatchObject({ balance: '0.00' });
    } else {
      expect(closed).toMatchObject({ status: 409, body: { code: 'account_not_empty' } });
      expect(prepaid.status).toBe(201);
    }
  }
});

test('nothing personal is left anywhere in the database; the ledger, the audit and the decisions stay readable to admins', async () => {
  const account = await paid(['25.00']);
  const endpointId = (
    await api.ask('POST', `/v1/accounts/${account.id}/webhook-endpoints`, {
      key: account.owner,
      body: { url: `https://hooks.${account.id}.example/secret-path`, events: ['*'] },
    })
  ).body.id;
  expect(endpointId).toBeDefined();
  await api.ask('POST', `/v1/accounts/${account.id}/members`, {
    key: account.owner,
    body: { name: 'Zebulon Quux', email: `zebulon@${account.id}.example`, role: 'owner' },
  });
  await api.ask('PUT', `/v1/accounts/${account.id}/auto-reload`, {
    key: account.owner,
    body: { threshold: '5.00', amount: '25.00', acceptTerms: true },
  });
  await api.ask('DELETE', `/v1/accounts/${account.id}/auto-reload`, { key: account.owner });
  const found = async (needle: string): Promise<string[]> => {
    const { rows: tables } = await pool().query<{ name: string }>(
      `select quote_ident(table_name) as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'`,
    );
    const hits: string[] = [];
    for (const { name } of tables) {
      const { rows } = await pool().query<{ row: string }>(
        `select t::text as row from ${name} t where strpos(t::text, $1) > 0`,
        [needle],
      );
      hits.push(...rows.map(({ row }) => `${name}: ${row}`));
    }
    return hits;
  };
  const needles = [`@${account.id}.example`, 'Zebulon', `hooks.${account.id}`, await customerOf(account)];
  for (const needle of needles) expect((await found(needle)).length).toBeGreaterThan(0);
  const before = [await read(account, '/audit'), await read(account, '/decisions'), await read(account, '/notices')];

  expect((await close(account, '?balance=refund&reason=asked')).status).toBe(200);
  await sendMail(account, undefined);
  for (const needle of needles) expect(await found(needle)).toEqual([]);
  const after = [await read(account, '/audit'), await read(account, '/decisions'), await read(account, '/notices')];
  for (const [index, list] of before.entries()) {
    const kept = after[index].data.slice(-list.data.length);
    expect(kept.map(({ action, kind, at }: any) => [action, kind, at])).toEqual(
      list.data.map(({ action, kind, at }: any) => [action, kind, at]),
    );
  }
  expect(after[0].data.map(({ actor }: any) => actor)).toContain('owner:erased');
  expect((await read(account, '/members')).data).toEqual([]);
  expect((await read(account, '/transactions')).data.map(({ kind }: any) => kind)).toEqual(['refund', 'prepayment']);
});

/** Starts the mailer, and waits until the account's mail has gone. @param smtpUrl undefined: into the dev mailbox */
async function sendMail(account: { id: string }, smtpUrl: string | undefined): Promise<void> {
  const mailer = createMailer({ smtpUrl, from: 'Ballast <billing@ballast.example>', db: pool() });
  const log = pino({ level: 'silent' });
  const links = { invitations: testInvitations, signIns: testSignIns };
  const delivering = startDelivering({ pool: pool(), mailer, ...links, log, pollMs: 10 });
  try {
    await until(
      () => deliveriesOf(account),
      (deliveries) => deliveries.every(({ status }) => status !== 'pending'),
    );
  } finally {
    await delivering.stop();
  }
}

async function deliveriesOf(account: { id: string }): Promise<{ recipient: string; status: string }[]> {
  const { rows } = await pool().query<{ recipient: string; status: string }>(
    'select recipient, status from notice_deliveries d join notices n on n.id = d.notice_id where account_id = $1',
    [account.id],
  );
  return rows;
}

test('N1 mail that tells of money still goes out when its account is closed before, and its address is erased then', async () => {
  const account = await paid(['25.00']);
  expect((await close(account, '?balance=refund&reason=asked')).status).toBe(200);
  const sink = await startSmtpSink();
  await sendMail(account, sink.url).finally(() => sink.close());
  const told = sink.taken.filter(({ to }) => to.endsWith(`@${account.id}.example`));
  expect(told.map(({ raw }) => /^Subject: (.*)/m.exec(raw)![1])).toContainEqual(expect.stringContaining('refund'));
  const deliveries = await deliveriesOf(account);
  expect(deliveries.length).toBeGreaterThan(0);
  for (const delivery of deliveries)
    expect(delivery).toEqual({ recipient: expect.stringMatching(/^erased /), status: 'sent' });
});

/** How many rows of each table each transaction changes from now on, as Postgres counts them. */
async function countChanges(
  tables: readonly string[],
): Promise<() => Promise<{ txid: string; name: string; rows: number }[]>> {
  const { owner } = world.database;
  await owner.query(`create table changes (txid bigint, name text, rows int);
    create function count_changes() returns trigger language plpgsql security definer as $$
    begin
      insert into changes select txid_current(), tg_table_name, count(*) from changed having count(*) > 0;
      return null;
    end $$`);
  for (const table of tables)
    await owner.query(`create trigger count_updates after update on ${table} referencing new table as changed for each statement execute function count_changes();
      create trigger count_deletes after delete on ${table} referencing old table as changed for each statement execute function count_changes()`);
  return async () => {
    const { rows } = await owner.query<{ txid: string; name: string; rows: number }>(
      'select txid::text, name, sum(rows)::int as rows from changes group by 1, 2',
    );
    for (const table of tables)
      await owner.query(`drop trigger count_updates on ${table}; drop trigger count_deletes on ${table}`);
    await owner.query('drop function count_changes(); drop table changes');
    return rows;
  };
}

test('the history of an old account is erased some rows at a time, and nearly nothing is left to the last transaction', async () => {
  const account = await openAccount(api);
  const { owner } = world.database;
  const rows = 5_000;
  const at = `now() - make_interval(mins => ${rows} - i)`;
  const some = `from generate_series(1, ${rows}) i`;
  const endpoint = randomUUID();
  await owner.query(`
    insert into audit (account_id, at, actor, action, details) select '${account.id}', ${at}, 'owner:somebody@old.example', 'test', '{"to": "somebody@old.example"}' ${some};
    insert into decisions (id, account_id, at, kind, rule, because, known)
    select '${account.id}/' || i, '${account.id}', ${at}, 'test', 'A1', 'somebody@old.example wished it', '{"by": "somebody@old.example"}' ${some};
    insert into webhook_endpoints (id, account_id, url, events) values ('${endpoint}', '${account.id}', 'https://old.example', '{*}');
    insert into notices (account_id, kind, key, data, at) select '${account.id}', 'test', '${account.id}/' || i, '{"to": "somebody@old.example"}', ${at} ${some};
    insert into notice_deliveries (notice_id, recipient, status, last_error)
    select id, 'somebody@old.example', case when key like '%7' then 'pending' else 'sent' end, 'somebody@old.example' from notices where account_id = '${account.id}';
    insert into webhook_deliveries (notice_id, endpoint_id, status, last_error, ended_at)
    select id, '${endpoint}', 'failed', 'old.example', now() from notices where account_id = '${account.id}';
    insert into payments (id, account_id, purpose, amount_cents, status, actor, created_at)
    select gen_random_uuid(), '${account.id}', 'prepayment', 500, 'failed', 'owner:somebody@old.example', ${at} ${some};
    insert into files (id, account_id, purpose, filename, bytes, actor, created_at, removed_at, erased)
    select 'file-${account.id}' || i, '${account.id}', 'batch_output', 'old.example', 0, 'owner:somebody@old.example', ${at}, now(), true ${some}`);
  const tables = [
    'audit',
    'decisions',
    'notices',
    'notice_deliveries',
    'webhook_deliveries',
    'payments',
    'files',
    'accounts',
  ];
  const changes = await countChanges(tables);
  expect((await close(account)).status).toBe(200);
  const counted = await changes();

  const total = (name: string): number =>
    counted.filter((one) => one.name === name).reduce((sum, one) => sum + one.rows, 0);
  // Of what was written in between there are a few, such as the note of the closing itself.
  for (const name of tables.slice(0, -1)) expect([name, total(name) - (total(name) % 100)]).toEqual([name, rows]);
  const last = counted
    .filter(({ name }) => name === 'accounts')
    .map(({ txid }) => BigInt(txid))
    .sort()
    .at(-1)!
    .toString();
  for (const { txid, name, rows: changed } of counted)
    expect([name, changed < (txid === last ? 50 : 1_100)]).toEqual([name, true]);
  for (const table of ['audit', 'decisions', 'notices', 'payments', 'files', 'webhook_endpoints'])
    expect(
      (await owner.query(`select from ${table} t where account_id = $1 and t::text like '%old.example%'`, [account.id]))
        .rowCount,
    ).toBe(0);
  for (const table of ['notice_deliveries', 'webhook_deliveries'])
    expect((await owner.query(`select from ${table} t where t::text like '%old.example%'`)).rowCount).toBe(0);
  expect((await owner.query('select from erasures where account_id = $1', [account.id])).rowCount).toBe(0);
});

test('what was erased of an account stays erased when its closing is cut off, and the next call goes on there', async () => {
  const account = await openAccount(api);
  const { owner } = world.database;
  await transaction(pool(), (tx) =>
    beginClosing(
      tx,
      { accountId: account.id, balance: null, reason: 'test', actor: 'admin:test', nowMs: Date.now() },
      POLICY,
    ),
  );
  await owner.query(
    `insert into audit (account_id, at, actor, action, details)
     select $1, now() - interval '1 day' + make_interval(secs => i), 'owner:somebody@cut.example', 'test', '{}' from generate_series(1, 2500) i`,
    [account.id],
  );
  const left = async (): Promise<number> =>
    (await owner.query(`select from audit where account_id = $1 and actor like '%cut.example'`, [account.id]))
      .rowCount!;
  expect(await eraseHistory(pool(), account.id)).toBe(true);
  expect(await left()).toBe(1_500);
  const changes = await countChanges(['audit']);
  expect((await close(account)).status).toBe(200);
  expect((await changes()).reduce((sum, { rows }) => sum + rows, 0)).toBeLessThan(1_510);
  expect(await left()).toBe(0);
});

test('records of people may be erased when their account is closed, and never rewritten', async () => {
  const [open, closed] = [await openAccount(api), await openAccount(api)];
  await close(closed);
  const refused = (sql: string, id: string) =>
    expect(world.database.owner.query(sql, [id])).rejects.toMatchObject({ code: '23001' });
  await refused(`update audit set actor = 'somebody' where account_id = $1`, closed.id);
  await refused(
    `update audit set actor = erased_text(actor), details = erased_details(action, details) where account_id = $1`,
    open.id,
  );
  await refused('delete from audit where account_id = $1', closed.id);
  await refused(`update ledger_lines set description = '' where account_id = $1`, closed.id);
});

test('B5 usage for a closed account is rejected and kept; what was taken before is a duplicate; holds are given back', async () => {
  const account = await openAccount(api, '5.00');
  await use(account, 1_000_000, 'before');
  const hold = await api.ask('POST', `/v1/accounts/${account.id}/holds`, {
    key: api.service,
    body: { amount: '1.00' },
    headers: { 'Idempotency-Key': 'hold' },
  });
  expect((await close(account, '?balance=forfeit&reason=test')).body).toMatchObject({ forfeited: '4.00' });
  const settled = await api.ask('POST', `/v1/accounts/${account.id}/holds/${hold.body.id}/settle`, {
    key: api.service,
    body: { events: [{ id: 'held', accountId: account.id, model: 'model', inputTokens: 1_000 }] },
  });
  expect(settled.status).toBe(409);
  const { status, body } = await report(api, [
    { id: 'before', accountId: account.id, model: 'model', inputTokens: 1_000_000 },
    { id: 'late', accountId: account.id, model: 'model', inputTokens: 2_000_000 },
  ]);
  expect(status).toBe(200);
  expect(body).toMatchObject({
    accepted: 0,
    duplicates: 1,
    rejected: [{ index: 1, id: 'late', code: 'account_closed' }],
    gates: { [account.id]: { allowed: false } },
  });
  expect((await read(account, '/rejected-usage')).data).toMatchObject([
    { id: 'late', code: 'account_closed' },
    { id: 'held', code: 'unknown_hold' },
  ]);
  expect(await read(account, '')).toMatchObject({ balance: '0.00', held: '0.00' });
});

/** Closing has begun, and was cut off: its customer could not be deleted. */
const closing = async (account: TestAccount): Promise<void> => {
  await world.simulate('POST', '/faults', {
    match: { method: 'DELETE', path: '^/v1/customers/' },
    effect: 'error_503',
  });
  expect((await close(account, '?balance=refund')).status).toBe(503);
  await world.clearFaults();
};
const adjustBy = (account: TestAccount, amount: string, key: string): Promise<Answer> =>
  api.ask('POST', `/v1/accounts/${account.id}/adjustments`, {
    key: api.admin,
    body: { amount, reason: 'a gift' },
    headers: { 'Idempotency-Key': key },
  });
const reverse = (account: TestAccount, eventId: string, key: string): Promise<Answer> =>
  api.ask('POST', '/v1/usage/reversals', {
    key: api.admin,
    body: { accountId: account.id, eventId, reason: 'wrong' },
    headers: { 'Idempotency-Key': key },
  });

test('B6 nothing is adjusted or reversed for an account that is closed, or about to be; what was done before is answered again', async () => {
  const account = await paid(['25.00']);
  for (const id of ['event-1', 'event-2']) await use(account, 1_000_000, id);
  const [adjusted, reversed] = [await adjustBy(account, '1.00', 'before'), await reverse(account, 'event-1', 'before')];
  expect([adjusted.status, reversed.status]).toEqual([201, 201]);
  await closing(account);
  const sees = async (): Promise<void> => {
    const before = await lines(account);
    for (const amount of ['5.00', '-5.00'])
      expect(await adjustBy(account, amount, 'after')).toMatchObject({ status: 409, body: { code: 'account_closed' } });
    expect(await reverse(account, 'event-2', 'after')).toMatchObject({ status: 409, body: { code: 'account_closed' } });
    expect((await adjustBy(account, '1.00', 'before')).body).toEqual(adjusted.body);
    expect((await reverse(account, 'event-1', 'before')).body).toEqual(reversed.body);
    expect(await lines(account)).toEqual(before);
  };
  await sees();
  expect((await close(account, '?balance=refund')).status).toBe(200);
  await sees();
  expect(await read(account, '')).toMatchObject({ balance: '0.00', held: '0.00' });
});

test('A13 auto-reload of an account that is about to be closed is not enabled, changed or resumed, also by who was let in before', async () => {
  const account = await paid(['25.00']);
  await closing(account);
  const change = (kind: 'configure' | 'resume') =>
    transaction(pool(), (tx) =>
      changeSettings(
        tx,
        account.id,
        {
          requestId: randomUUID(),
          actor: 'owner:test',
          ...(kind === 'resume'
            ? { kind }
            : { kind, settings: { thresholdCents: 500, amountCents: 2_500, monthlyLimitCents: null } }),
        },
        POLICY,
        Date.now(),
      ),
    );
  for (const kind of ['configure', 'resume'] as const)
    expect(await change(kind)).toMatchObject({ kind: 'refused', code: 'account_closed' });
  expect(await read(account, '/auto-reload')).toMatchObject({ status: 'off' });
  expect((await pool().query('select 1 from consents where account_id = $1', [account.id])).rowCount).toBe(0);
});

test('B5 usage that waits while its account is being closed is rejected, by whatever process, and an expired hold is not settled', async () => {
  const account = await openAccount(api, '5.00');
  const hold = await api.ask('POST', `/v1/accounts/${account.id}/holds`, {
    key: api.service,
    body: { amount: '1.00', expiresInSeconds: 10 },
    headers: { 'Idempotency-Key': 'hold' },
  });
  await world.database.owner.query(
    `update holds set status = 'expired', released_nano = amount_nano, ended_at = now() where id = $1`,
    [hold.body.id],
  );
  await world.database.owner.query('update balances set held_nano = 0 where account_id = $1', [account.id]);
  const wish = { accountId: account.id, balance: 'forfeit' as const, reason: 'test', actor: 'admin:test' };
  let waiting!: Promise<Answer>;
  await transaction(pool(), async (tx) => {
    await beginClosing(tx, { ...wish, nowMs: Date.now() }, POLICY);
    waiting = use(account, 1_000_000, 'waited');
    await until(
      async () =>
        (
          await pool().query(
            "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query ~ 'post_usage'",
          )
        ).rowCount,
      (count) => count! > 0,
    );
  });
  expect((await waiting).body).toMatchObject({
    accepted: 0,
    rejected: [{ id: 'waited', code: 'account_closed' }],
    gates: { [account.id]: { reasons: ['account_closed'] } },
  });
  const settled = await api.ask('POST', `/v1/accounts/${account.id}/holds/${hold.body.id}/settle`, {
    key: api.service,
    body: { events: [{ id: 'held', accountId: account.id, model: 'model', inputTokens: 1_000 }] },
  });
  expect(settled).toMatchObject({ status: 422, body: { code: 'events_rejected' } });
  expect(await lines(account)).toEqual(['adjustment 5.00']);
});

test('P5 a refund in the dashboard, a dispute and a refund by an admin are booked after the account is closed', async () => {
  await deliver('api');
  const account = await paid(['25.00']);
  const { rows } = await pool().query<{ id: string; pi: string }>(
    'select id, payment_intent_id as pi from payments where account_id = $1',
    [account.id],
  );
  await use(account, 25_000_000);
  expect((await close(account)).status).toBe(200);
  await world.stripe.refunds.create({ payment_intent: rows[0]!.pi, amount: 400 });
  await until(
    () => lines(account),
    (all) => all.includes('refund -4.00'),
  );
  const byAdmin = await api.ask('POST', `/v1/accounts/${account.id}/prepayments/${rows[0]!.id}/refund`, {
    key: api.admin,
    body: { amount: '1.00' },
    headers: { 'Idempotency-Key': 'late' },
  });
  expect(byAdmin.status).toBe(201);
  await world.simulate('POST', '/disputes', { paymentIntent: rows[0]!.pi, amount: 2_000 });
  await until(
    () => lines(account),
    (all) => all.includes('dispute -20.00'),
  );
  expect(await read(account, '')).toMatchObject({ balance: '-25.00' });
  expect((await read(account, '/gate')).reasons).toContain('account_closed');
});

test('nothing new is begun for a closed account: members, keys, webhook endpoints, names, methods', async () => {
  const account = await openAccount(api);
  const memberId = (await read(account, '/members')).data[0].id;
  await close(account);
  const ask = (method: string, path: string, body: object) =>
    api.ask(method, `/v1/accounts/${account.id}${path}`, { key: api.admin, body });
  const member = { name: 'New', email: 'new@x.example', role: 'owner' };
  expect(await ask('POST', '/members', member)).toMatchObject({ status: 409, body: { code: 'account_closed' } });
  expect(await ask('POST', '/keys', { memberId })).toMatchObject({ status: 409, body: { code: 'account_closed' } });
  expect(await ask('PATCH', '', { name: 'New' })).toMatchObject({ status: 409, body: { code: 'account_closed' } });
  expect((await ask('DELETE', '/suspension?reason=account_closed', {})).status).toBe(400);
});
