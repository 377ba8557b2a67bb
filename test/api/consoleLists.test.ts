/** What the console lists: found by filters, page by page, and whole as CSV. */
import { parse } from 'csv-parse/sync';
import { auditInWords } from '../../domain/audit';
import { asSentence } from '../../domain/words';
import { setSuspension } from '../../ledger/accounts/setSuspension';
import { transaction } from '../../ledger/db';
import { recordDecision } from '../../ledger/decisions/recordDecision';
import { adjust, openAccount, putModel, report, startTestApi, type TestAccount, type TestApi } from '../support/api';
import { times } from '../support/times';

let api: TestApi;
let account: TestAccount;
beforeAll(async () => {
  api = await startTestApi();
  await putModel(api);
  account = await openAccount(api, '100.00');
  for (const nth of times(3, Number))
    await report(api, [{ id: `event-${nth}`, accountId: account.id, model: 'model', inputTokens: 1_000_000 }]);
  await adjust(api, account.id, '-5.00');
});
afterAll(() => api.close());

const CSV = { Accept: 'text/csv' };
const get = async (path: string, key = account.owner, headers: Record<string, string> = {}) =>
  api.ask('GET', path, { key, headers });
const ofAccount = (path: string) => `/v1/accounts/${account.id}/${path}`;
const rowsOf = (csv: string): Record<string, string>[] => parse(csv, { columns: true });

test('C1 transactions are found by kind and by UTC day', async () => {
  const kinds = async (query: string) =>
    (await get(ofAccount(`transactions?${query}`))).body.data.map(({ kind }: { kind: string }) => kind);
  expect(await kinds('kind=usage')).toEqual(['usage', 'usage', 'usage']);
  expect(await kinds('kind=adjustment,prepayment')).toEqual(['adjustment', 'adjustment']);
  const { data } = (await get(ofAccount('transactions'))).body;
  const days = data.map(({ at }: { at: string }) => at.slice(0, 10)) as string[];
  // One day, or two when midnight has passed since the first.
  for (const day of new Set(days))
    expect(await kinds(`from=${day}&to=${day}`)).toHaveLength(days.filter((one) => one === day).length);
  expect(await kinds(`from=${days.at(-1)}&to=${days[0]}`)).toHaveLength(5);
  expect(await kinds('to=2020-01-01')).toEqual([]);
  expect(await kinds('from=2999-01-01')).toEqual([]);
  for (const query of ['kind=nothing', 'kind=', 'from=yesterday', 'to=2026-13-01'])
    expect((await get(ofAccount(`transactions?${query}`))).status).toBe(400);
});

test('C1 a filtered list goes on page by page, and nothing is left out', async () => {
  const seen: number[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const { body } = await get(ofAccount(`transactions?kind=usage&limit=2${cursor && `&cursor=${cursor}`}`));
    seen.push(...body.data.map(({ sequence }: { sequence: number }) => sequence));
    cursor = body.nextCursor;
  }
  expect(seen).toEqual([4, 3, 2]);
});

test('C1 a CSV is the whole list, with the same filters and the same amounts, and no cell is a formula', async () => {
  await api.ask('POST', ofAccount('adjustments'), {
    key: api.admin,
    body: { amount: '-0.10', reason: '=HYPERLINK("http://evil.example")' },
    headers: { 'Idempotency-Key': 'formula' },
  });
  const { headers, body } = await get(ofAccount('transactions?limit=1'), account.owner, CSV);
  expect(headers.get('content-type')).toBe('text/csv; charset=utf-8');
  const rows = rowsOf(body);
  const json = (await get(ofAccount('transactions?limit=200'))).body.data;
  expect(rows.map(({ sequence, amount, balanceAfter }) => [Number(sequence), amount, balanceAfter])).toEqual(
    json.map((line: any) => [line.sequence, line.amount, line.balanceAfter]),
  );
  for (const row of rows) for (const cell of Object.values(row)) expect(cell).not.toMatch(/^[=+@]/);
  expect(rowsOf((await get(ofAccount('transactions?kind=usage'), account.owner, CSV)).body).length).toBe(3);
});

test('C1 a long list is written in pieces, whole', async () => {
  const { id } = await openAccount(api);
  await api.database.owner.query(
    `insert into audit (account_id, actor, action, details) select $1, 'owner:x', 'test.change', '{"n":1}' from generate_series(1, 1800)`,
    [id],
  );
  const rows = rowsOf((await get(`/v1/accounts/${id}/audit`, api.admin, CSV)).body);
  expect(rows.length).toBe(1_800 + 1);
  expect(rows.find(({ action }) => action === 'test.change')!.details).toBe('{"n":1}');
});

test('C1 every list of the account has a CSV; without an account there is none', async () => {
  for (const list of [
    'decisions',
    'audit',
    'notices',
    'timeline',
    'reloads',
    'prepayments',
    'rejected-usage',
    'transactions/2/events',
  ]) {
    const { status, headers } = await get(ofAccount(list), api.admin, CSV);
    expect([list, status, headers.get('content-type')]).toEqual([list, 200, 'text/csv; charset=utf-8']);
  }
  expect((await get('/v1/limit-requests', api.admin, CSV)).status).toBe(200);
  expect((await get('/v1/accounts/nobody/audit', api.admin, CSV)).status).toBe(404);
  expect((await get('/v1/accounts', api.admin, CSV)).body).toContain(account.id);
});

test('L6, N2 limit requests and webhook deliveries are whole as CSV, as they are in JSON', async () => {
  const ask = (path: string, body: object) => api.ask('POST', ofAccount(path), { key: account.owner, body });
  for (const requested of [100, 200])
    await ask('limit-requests', { key: 'dedicated.endpoints', requested, reason: '=1+1' });
  const endpoint = (await ask('webhook-endpoints', { url: 'https://hooks.example/', events: ['*'] })).body.id;
  for (const _ of times(2, Number)) await ask(`webhook-endpoints/${endpoint}/test`, {});
  for (const [path, key] of [
    [ofAccount('limit-requests'), account.owner],
    ['/v1/limit-requests?status=pending', api.admin],
    [ofAccount(`webhook-endpoints/${endpoint}/deliveries`), account.owner],
  ] as const) {
    const rows = rowsOf((await get(path, key, CSV)).body);
    const json = (await get(path, key)).body.data;
    expect(rows.map(({ id }) => id)).toEqual(json.map(({ id }: { id: string }) => id));
    expect(rows).toHaveLength(2);
    for (const { reason } of rows) if (reason !== undefined) expect(reason).toBe("'=1+1");
  }
});

test('O5, C2 changes by people are listed in words', async () => {
  const [entry] = (await get(ofAccount('audit'))).body.data;
  expect(entry).toMatchObject({ action: 'webhook.test', text: 'A test was sent to a webhook endpoint.' });
  const { data } = (await get(ofAccount('timeline?limit=200'), api.admin)).body;
  const shown = data.filter(({ source }: { source: string }) => source === 'audit');
  expect(shown.length).toBeGreaterThan(5);
  for (const { kind, text } of shown) expect(text).toBe(asSentence(auditInWords(kind)));
});

test('A15 decisions are found by the reload, and by the transaction, that they are about', async () => {
  const { pool } = api.database;
  const [id, other] = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'];
  for (const [nth, payment] of [id, other].entries()) {
    await pool.query(
      `insert into payments (id, account_id, purpose, amount_cents, status, actor) values ($1, $2, 'reload', 2500, 'succeeded', 'workflow')`,
      [payment, account.id],
    );
    await pool.query(
      `insert into reloads (id, account_id, number, state, due_at, closed_at) values ($1, $2, $3, 'succeeded', now(), now())`,
      [payment, account.id, nth + 1],
    );
  }
  const { rows } = await pool.query<{ sequence: bigint }>(
    `select (line).sequence from post_line($1, 'reload', 'payments', 25000000000, 'pi/pi_test', 'reload/' || $2, 'Auto-reload')`,
    [account.id, id],
  );
  const decide = (key: string, known: object) =>
    recordDecision(
      pool,
      account.id,
      { id: key, atMs: Date.now(), kind: 'charge', rule: 'A3', because: `of ${key}` },
      known,
    );
  await decide('first', { wish: { reloadId: id } });
  await decide('second', { wish: { reloadId: other } });
  await decide(`paused/${id}`, {});
  await decide('nothing', { standing: {} });
  const because = async (query: string) =>
    (await get(ofAccount(`decisions?${query}`))).body.data.map((one: { because: string }) => one.because);
  expect(await because('reload=1')).toEqual([`Of paused/${id}.`, 'Of first.']);
  expect(await because('reload=2')).toEqual(['Of second.']);
  expect(await because('reload=3')).toEqual([]);
  expect(await because(`transaction=${rows[0]!.sequence}`)).toEqual([`Of paused/${id}.`, 'Of first.']);
  expect(await because('transaction=2')).toEqual([]);
  expect((await because('')).length).toBe(4);
});

test('C2 the timeline is ledger, decisions, tries and audit in one order of time, page by page, usage left out', async () => {
  const whole = (await get(ofAccount('timeline?limit=200'), api.admin)).body.data;
  expect(new Set(whole.map(({ source }: any) => source))).toEqual(new Set(['transaction', 'decision', 'audit']));
  expect(whole.some(({ kind }: any) => kind === 'usage')).toBe(false);
  const ats = whole.map(({ at }: any) => at);
  expect(ats).toEqual([...ats].sort().reverse());
  const paged: any[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const query: string = cursor && `&cursor=${encodeURIComponent(cursor)}`;
    const { body } = await get(ofAccount(`timeline?limit=1${query}`), api.admin);
    paged.push(...body.data);
    cursor = body.nextCursor;
  }
  expect(paged).toEqual(whole);
  for (const cursor of ['x', '2026-99-99T00:00:00.000000Z audit/1'])
    expect((await get(ofAccount(`timeline?cursor=${encodeURIComponent(cursor)}`))).status).toBe(400);
});

test('C2 admins find accounts by what is wrong with them', async () => {
  const { pool } = api.database;
  const [negative, unexplained, quarantined, halted, disputed] = await Promise.all(times(5, () => openAccount(api)));
  await adjust(api, negative!.id, '-1.00');
  await pool.query(
    `insert into unexplained (payment_intent_id, kind, account_id, detail) values ('pi_unexplained', 'paid_twice', $1, 'test')`,
    [unexplained!.id],
  );
  await pool.query(
    `insert into payments (id, account_id, purpose, amount_cents, status, actor, quarantined_because)
     values (gen_random_uuid(), $1, 'prepayment', 500, 'quarantined', 'test', 'test')`,
    [quarantined!.id],
  );
  await pool.query(
    `update account_states set status = 'disabled_after_failures', threshold_cents = 500, amount_cents = 500 where account_id = $1`,
    [halted!.id],
  );
  await transaction(pool, (tx) => setSuspension(tx, disputed!.id, 'payment_disputed', 'test', 'test'));
  const ids = async (query: string) =>
    (await get(`/v1/accounts?limit=200&${query}`, api.admin)).body.data.map(({ id }: { id: string }) => id);
  expect(await ids('trouble=negative')).toEqual([negative!.id]);
  expect((await ids('trouble=unexplained')).sort()).toEqual([unexplained!.id, quarantined!.id].sort());
  expect(await ids('trouble=disputed')).toEqual([disputed!.id]);
  expect(await ids('autoReload=disabled_after_failures')).toEqual([halted!.id]);
  expect(await ids('autoReload=paused')).toEqual([]);
  expect(await ids('gate=suspended')).not.toContain(account.id);
  expect(await ids('gate=ok')).toEqual([account.id]);
  expect(await ids(`q=owner@${negative!.id}`)).toEqual([negative!.id]);
  expect(await ids(`gate=suspended&trouble=negative&q=${negative!.id.slice(0, 10)}`)).toEqual([negative!.id]);
  expect(await ids('q=%25')).toEqual([]);
});

test('C2 the state of the system names what is reached, what runs and what waits', async () => {
  const { status, body } = await get('/v1/system', api.admin);
  expect(status).toBe(200);
  expect(body).toMatchObject({
    readiness: { status: 'not_ready', missing: ['payments'] },
    versions: { node: process.versions.node, schema: expect.stringMatching(/^\d{6}-/) },
    queues: {
      payments_quarantined: { waiting: 1 },
      payments_unexplained: { waiting: 1 },
      mails: { waiting: expect.any(Number) },
    },
    temporal: { namespace: 'default', uiUrl: null },
  });
});

test('A14 the terms that are accepted are in the answer, with their version', async () => {
  const { body } = await get(ofAccount('auto-reload'));
  expect(body.terms).toMatchObject({
    version: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
    text: expect.stringContaining('I authorize'),
  });
});
