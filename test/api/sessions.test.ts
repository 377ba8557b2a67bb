/** Sessions of the console: how one begins, whom it speaks for, what it must not do, and when it ends. */
import { Writable } from 'node:stream';
import pino from 'pino';
import { transaction } from '../../ledger/db';
import { askForLink as askForLinkTo } from '../../ledger/sessions/askForLink';
import { readSession } from '../../ledger/sessions/readSession';
import { sessionHashOf } from '../../ledger/sessions/session';
import { sweepSessions } from '../../ledger/sessions/sweepSessions';
import { openAccount, startTestApi, type TestAccount, type TestApi } from '../support/api';
import { testSignIns } from '../support/links';
import { until } from '../support/notices';
import { askBySession, cookieOf, signIn } from '../support/session';
import { times } from '../support/times';

let api: TestApi;
/** Another process on the same database. */
let other: TestApi;
let account: TestAccount;
const logged: string[] = [];
const log = pino(
  { level: 'trace' },
  new Writable({ write: (chunk: Buffer, _encoding, done) => (logged.push(chunk.toString()), done()) }),
);
beforeAll(async () => {
  api = await startTestApi({ log });
  other = await startTestApi({ database: api.database, log });
  account = await openAccount(api, '10.00');
});
afterAll(async () => {
  await other.close();
  await api.close();
});

const SAME = { 'Sec-Fetch-Site': 'same-origin' };
const tokenOf = (cookie: string) => cookie.split('=')[1]!;
const whoAmI = (cookie: string, at: TestApi = api) => askBySession(at, cookie, 'GET', '/v1/session');
const membersOf = async (id: string) =>
  (await api.ask('GET', `/v1/accounts/${id}/members`, { key: api.admin })).body.data as {
    id: string;
    email: string;
    role: string;
  }[];
const links = async (email: string) =>
  (
    await api.database.pool.query<{ signInId: string; recipient: string }>(
      `select n.data->>'signInId' as "signInId", d.recipient from notices n join notice_deliveries d on d.notice_id = n.id
       where n.kind = 'sign_in_link' and lower(d.recipient) = lower($1) order by n.at`,
      [email],
    )
  ).rows;
const linkPath = ({ signInId, recipient }: { signInId: string; recipient: string }) =>
  testSignIns.urlOf({ signInId, email: recipient }).replace('https://ballast.test', '');
const askForLink = (email: string) => api.ask('POST', '/v1/session', { body: { email } });
async function linkFor(email: string): Promise<string> {
  expect((await askForLink(email)).status).toBe(202);
  return linkPath((await links(email)).at(-1)!);
}
/** After how many milliseconds the last request was begun that another process still answered: however long it took. */
async function lastTaken(at: TestApi, cookie: string): Promise<number> {
  const endedMs = performance.now();
  for (let lastMs = 0; ;) {
    const begunMs = performance.now() - endedMs;
    if ((await whoAmI(cookie, at)).status === 401) return lastMs;
    lastMs = begunMs;
    if (lastMs > 10_000) throw new Error('the session goes on');
  }
}

test('C1 a key signs in: the answer says who it is, and the cookie is for this host, for HTTP and for the same site only', async () => {
  const { status, body, headers } = await api.ask('POST', '/v1/session', { body: { key: account.owner } });
  expect(status).toBe(200);
  expect(body).toMatchObject({
    role: 'owner',
    accountId: account.id,
    member: { name: 'owner', email: `owner@${account.id}.example` },
    accounts: [{ id: account.id, role: 'owner' }],
  });
  expect(Date.parse(body.expiresAt) - Date.now()).toBeGreaterThan(11.9 * 3_600_000);
  expect(headers.get('set-cookie')).toMatch(
    /^__Host-ballast=[\w-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict; Secure$/,
  );
  expect(headers.get('cache-control')).toBe('no-store');
  const admin = await api.ask('POST', '/v1/session', { body: { key: api.admin } });
  expect(admin.body).toEqual({ role: 'admin', accounts: [], expiresAt: expect.any(String) });
});

test('C1 without TLS, elsewhere than on this machine, the cookie has no prefix and is not `Secure`; by https it has both', async () => {
  const setBy = async (headers: Record<string, string>) =>
    (await api.ask('POST', '/v1/session', { body: { key: account.owner }, headers })).headers.get('set-cookie')!;
  expect(await setBy({ Origin: 'http://ballast.lan:3000', ...SAME })).toMatch(/^ballast=[\w-]{43};(?!.*Secure)/);
  expect(await setBy({ Origin: 'https://ballast.lan', ...SAME })).toMatch(/^__Host-ballast=.*; Secure$/);
  const plain = (await setBy({ Origin: 'http://ballast.lan:3000', ...SAME })).split(';', 1)[0]!;
  expect((await whoAmI(plain)).status).toBe(200);
  const secure = await startTestApi({ database: api.database, publicUrl: 'https://ballast.test' });
  expect((await askBySession(secure, plain, 'GET', '/v1/session')).status).toBe(401);
  await secure.close();
});

test('C1 the cookie stands wherever a key does, with the role and the account of the member, and audits name the same person', async () => {
  const cookie = await signIn(api, { key: account.owner });
  const read = await askBySession(api, cookie, 'GET', `/v1/accounts/${account.id}/transactions`);
  expect(read.status).toBe(200);
  expect((await askBySession(api, cookie, 'GET', '/v1/accounts')).body.code).toBe('forbidden');
  const foreign = await openAccount(api);
  expect((await askBySession(api, cookie, 'GET', `/v1/accounts/${foreign.id}`)).status).toBe(404);
  const added = await askBySession(api, cookie, 'POST', `/v1/accounts/${account.id}/members`, {
    body: { name: 'New', email: 'new@session.example', role: 'member' },
  });
  expect(added.status).toBe(201);
  const { body } = await api.ask('GET', `/v1/accounts/${account.id}/audit`, { key: account.owner });
  expect(body.data.slice(0, 2)).toMatchObject([
    { action: 'member.add', actor: `owner:owner@${account.id}.example` },
    { action: 'session.begin', actor: `owner:owner@${account.id}.example`, details: { by: 'key' } },
  ]);
});

test('C1 a change by cookie must come from our own pages: from another site, or from nowhere, it is 403 and nothing is changed', async () => {
  const cookie = await signIn(api, { key: account.owner });
  const path = `/v1/accounts/${account.id}/members`;
  const add = (headers: Record<string, string>, email: string) =>
    api.ask('POST', path, { headers: { Cookie: cookie, ...headers }, body: { name: 'X', email, role: 'member' } });
  const { host } = new URL(api.url);
  for (const headers of [
    {},
    { 'Sec-Fetch-Site': 'cross-site' },
    { 'Sec-Fetch-Site': 'same-site', Origin: `http://${host}` },
    { 'Sec-Fetch-Site': 'none' },
    { Origin: 'http://evil.example' },
    { Origin: 'null' },
    { Origin: `http://${host}.evil.example` },
  ] as Record<string, string>[]) {
    const { status, body } = await add(headers, 'csrf@session.example');
    expect([headers, status, body.code]).toEqual([headers, 403, 'cross_site_request']);
  }
  expect((await membersOf(account.id)).map(({ email }) => email)).not.toContain('csrf@session.example');
  expect((await add({ Origin: `http://${host}` }, 'own@session.example')).status).toBe(201);
  expect((await add(SAME, 'same@session.example')).status).toBe(201);
  // Reading changes nothing, and with a key nobody's browser is asked.
  expect((await api.ask('GET', path, { headers: { Cookie: cookie, 'Sec-Fetch-Site': 'cross-site' } })).status).toBe(
    200,
  );
  const byKey = { key: account.owner, headers: { Cookie: cookie, 'Sec-Fetch-Site': 'cross-site' } };
  const body = { name: 'X', email: 'key@session.example', role: 'member' };
  expect((await api.ask('POST', path, { ...byKey, body })).status).toBe(201);
});

test('C1 a key goes before a cookie: with a wrong key the cookie helps nobody', async () => {
  const cookie = await signIn(api, { key: api.admin });
  expect((await api.ask('GET', '/v1/accounts', { key: 'bk_wrong', headers: { Cookie: cookie } })).status).toBe(401);
  expect((await api.ask('GET', '/v1/accounts', { key: account.owner, headers: { Cookie: cookie } })).status).toBe(403);
});

test('C1 no other site can sign a browser in or out', async () => {
  const cross = { 'Sec-Fetch-Site': 'cross-site' };
  for (const body of [{ key: account.owner }, { email: 'a@b.example' }, { token: 'x' }])
    expect((await api.ask('POST', '/v1/session', { body, headers: cross })).body.code).toBe('cross_site_request');
  const cookie = await signIn(api, { key: account.owner });
  const out = (headers: object) => api.ask('DELETE', '/v1/session', { headers: { Cookie: cookie, ...headers } });
  expect((await out(cross)).body.code).toBe('cross_site_request');
  expect((await whoAmI(cookie)).status).toBe(200);
  const page = await linkFor(`owner@${account.id}.example`);
  expect((await api.ask('POST', page, { headers: cross })).body.code).toBe('cross_site_request');
});

test('C1 signing out ends the session at once here and within a second elsewhere, and takes the cookie away', async () => {
  const cookie = await signIn(api, { key: account.owner });
  expect((await whoAmI(cookie, other)).status).toBe(200);
  const out = await askBySession(api, cookie, 'DELETE', '/v1/session');
  expect([out.status, out.headers.get('set-cookie')]).toEqual([
    204,
    expect.stringMatching(/^__Host-ballast=; .*Max-Age=0/),
  ]);
  expect((await whoAmI(cookie)).status).toBe(401);
  expect(await lastTaken(other, cookie)).toBeLessThan(1_000);
  expect((await askBySession(api, cookie, 'DELETE', '/v1/session')).status).toBe(204);
});

test('C1 who is at the browser is told by its cookie; nobody, or a session that has ended, is no error', async () => {
  const current = (headers: Record<string, string> = {}) => api.ask('GET', '/v1/session/current', { headers });
  const nobody = await current();
  expect([nobody.status, nobody.body, nobody.headers.get('cache-control')]).toEqual([
    200,
    { session: null },
    'no-store',
  ]);
  const cookie = await signIn(api, { key: account.owner });
  const whole = (await whoAmI(cookie)).body;
  expect(whole).toMatchObject({ role: 'owner', accountId: account.id });
  expect((await current({ Cookie: cookie })).body).toEqual({ session: whole });
  // A key is no visitor: who sends one is told by GET /v1/session.
  expect((await current({ Authorization: `Bearer ${account.owner}` })).body).toEqual({ session: null });
  await askBySession(api, cookie, 'DELETE', '/v1/session');
  expect((await current({ Cookie: cookie })).body).toEqual({ session: null });
});

test('C1 a wrong key, token or cookie is 401, and none of them begins anything', async () => {
  for (const body of [{ key: 'bk_wrong' }, { token: 'wrong' }])
    expect((await api.ask('POST', '/v1/session', { body })).body.code).toBe('unauthenticated');
  for (const cookie of ['__Host-ballast=', `__Host-ballast=${'x'.repeat(43)}`, '__Host-ballast="; drop', 'ballast'])
    expect((await whoAmI(cookie)).status).toBe(401);
  for (const body of [{}, { key: account.owner, email: 'a@b.example' }, { key: 5 }, { email: 'nobody' }])
    expect((await api.ask('POST', '/v1/session', { body })).status).toBe(400);
});

test('C1 revoking its key ends a session: at once in this process, within a second in another', async () => {
  const [owner] = await membersOf(account.id);
  const made = await api.ask('POST', `/v1/accounts/${account.id}/keys`, {
    key: account.owner,
    body: { memberId: owner!.id },
  });
  const cookie = await signIn(api, { key: made.body.key });
  expect((await whoAmI(cookie, other)).status).toBe(200);
  await api.ask('DELETE', `/v1/accounts/${account.id}/keys/${made.body.id}`, { key: account.owner });
  expect((await whoAmI(cookie)).status).toBe(401);
  expect(await lastTaken(other, cookie)).toBeLessThan(1_000);
});

test('C1 a session follows its member: another role at once, and removal or another address is its end', async () => {
  const { id, owner } = await openAccount(api);
  const add = async (name: string) =>
    (
      await api.ask('POST', `/v1/accounts/${id}/members`, {
        key: api.admin,
        body: { name, email: `${name}@${id}.example`, role: 'owner' },
      })
    ).body as { id: string; email: string };
  const [moved, removed] = [await add('moved'), await add('removed')];
  const byLink = async ({ email }: { email: string }) =>
    cookieOf(await api.ask('POST', await linkFor(email), { headers: SAME }));
  const [cookie, gone] = [await byLink(moved), await byLink(removed)];
  const audit = () => askBySession(api, cookie, 'GET', `/v1/accounts/${id}/audit`);
  expect((await audit()).status).toBe(200);
  const change = (body: object) => api.ask('PATCH', `/v1/accounts/${id}/members/${moved.id}`, { key: owner, body });
  await change({ role: 'member' });
  expect((await audit()).status).toBe(403);
  expect((await whoAmI(cookie)).body).toMatchObject({ role: 'member', member: { id: moved.id } });
  await change({ email: `someone-else@${id}.example` });
  expect((await whoAmI(cookie)).status).toBe(401);
  await api.ask('DELETE', `/v1/accounts/${id}/members/${removed.id}`, { key: owner });
  expect((await whoAmI(gone)).status).toBe(401);
});

test('C1 a session ends after two hours without a request, and twelve hours after it began, and what has ended is swept', async () => {
  const { pool } = api.database;
  const set = (cookie: string, column: string, ago: string) =>
    pool.query(`update sessions set ${column} = now() - $2::interval where hash = $1`, [
      sessionHashOf(tokenOf(cookie)),
      ago,
    ]);
  const isKept = async (cookie: string) =>
    (await pool.query('select 1 from sessions where hash = $1', [sessionHashOf(tokenOf(cookie))])).rowCount === 1;
  const cookies = await Promise.all(times(3, () => signIn(api, { key: account.owner })));
  const [idle, old, alive] = cookies as [string, string, string];
  await set(idle, 'used_at', '2 hours 1 second');
  await set(old, 'created_at', '12 hours 1 second');
  await set(alive, 'used_at', '1 hour 59 minutes');
  const answers = await Promise.all(cookies.map((cookie) => whoAmI(cookie)));
  expect(answers.map(({ status }) => status)).toEqual([401, 401, 200]);
  await sweepSessions(pool, 100);
  expect(await Promise.all(cookies.map(isKept))).toEqual([false, false, true]);
  // The request has been written down: from now on the two hours count.
  await until(async () => {
    const { rows } = await pool.query<{ fresh: boolean }>(
      `select used_at > now() - interval '1 minute' as fresh from sessions where hash = $1`,
      [sessionHashOf(tokenOf(alive))],
    );
    return rows[0]!.fresh;
  }, Boolean);
});

test('C1 what a console asks while nobody is at it is answered as usual, and keeps no session going; nor does opening a stream', async () => {
  const { pool } = api.database;
  const [unattended, stream, attended] = (await Promise.all(times(3, () => signIn(api, { key: account.owner })))) as [
    string,
    string,
    string,
  ];
  await pool.query(`update sessions set used_at = now() - interval '1 hour 59 minutes'`);
  const ask = (cookie: string, headers: Record<string, string>, path = '') =>
    askBySession(api, cookie, 'GET', `/v1/accounts/${account.id}${path}`, { headers });
  expect((await ask(unattended, { 'X-Ballast-Unattended': '1' })).body.balance).toBe('10.00');
  expect((await ask(stream, { Accept: 'text/event-stream' }, '/stream')).status).toBe(200);
  await ask(attended, { 'X-Ballast-Unattended': '0' });
  const isFresh = async (cookie: string): Promise<boolean> =>
    (
      await pool.query<{ fresh: boolean }>(
        `select used_at > now() - interval '1 minute' as fresh from sessions where hash = $1`,
        [sessionHashOf(tokenOf(cookie))],
      )
    ).rows[0]!.fresh;
  // What is written down comes after the answer.
  await until(() => isFresh(attended), Boolean);
  expect([await isFresh(unattended), await isFresh(stream)]).toEqual([false, false]);
  await ask(unattended, {});
  await until(() => isFresh(unattended), Boolean);
});

test('C1 a link in a mail signs in once: opening it does nothing, its button does, and then it is over', async () => {
  const email = `owner@${account.id}.example`;
  const link = await linkFor(email.toUpperCase());
  for (const _look of times(2, Number)) {
    const { status, body, headers } = await api.ask('GET', link);
    expect([status, body]).toEqual([200, expect.stringContaining('<button')]);
    expect(headers.get('set-cookie')).toBeNull();
    expect(headers.get('cache-control')).toBe('no-store');
  }
  const used = await api.ask('POST', link, { headers: SAME });
  expect([used.status, used.headers.get('location')]).toEqual([303, '/']);
  expect((await whoAmI(cookieOf(used))).body).toMatchObject({ role: 'owner', member: { email } });
  expect([(await api.ask('GET', link)).status, (await api.ask('POST', link, { headers: SAME })).status]).toEqual([
    404, 404,
  ]);
});

test('C1 of two clicks on the same link at the same moment one signs in', async () => {
  const link = await linkFor(`member@${account.id}.example`);
  const answers = await Promise.all(times(5, (nth) => (nth % 2 ? api : other).ask('POST', link, { headers: SAME })));
  expect(answers.map(({ status }) => status).sort()).toEqual([303, 404, 404, 404, 404]);
});

test('C1 a link is over after ten minutes, and neither a changed one nor one for another address opens anything', async () => {
  const email = `owner@${account.id}.example`;
  const link = await linkFor(email);
  const [latest] = (await links(email)).slice(-1);
  const forged = link.replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A'));
  const wrong = linkPath({ ...latest!, recipient: 'evil@session.example' });
  for (const path of [forged, wrong, '/sign-in/none'])
    expect((await api.ask('POST', path, { headers: SAME })).status).toBe(404);
  await api.database.pool.query('update sign_ins set expires_at = now() where id = $1', [latest!.signInId]);
  expect((await api.ask('POST', link, { headers: SAME })).status).toBe(404);
});

test('C1 who asks for a link hears the same for any address; mail goes to confirmed members only, while fewer than five of its links are good', async () => {
  const added = await api.ask('POST', `/v1/accounts/${account.id}/members`, {
    key: account.owner,
    body: { name: 'Unconfirmed', email: 'unconfirmed@session.example', role: 'member' },
  });
  expect(added.body.confirmed).toBe(false);
  const { id } = await openAccount(api);
  const email = `owner@${id}.example`;
  const answers = [];
  for (const address of ['nobody@session.example', 'unconfirmed@session.example', ...times(7, () => email)])
    answers.push(await askForLink(address));
  expect(answers.map(({ status, body }) => [status, body])).toEqual(times(9, () => [202, '']));
  expect(await links('unconfirmed@session.example')).toEqual([]);
  expect((await links(email)).length).toBe(5);
  // What the link says is nobody's but the mailbox's: not the account's, nor the database's.
  const { body } = await api.ask('GET', `/v1/accounts/${id}/notices`, { key: api.admin });
  expect(body.data).toEqual([]);
});

test('C1 whoever else asks for links to an address, its mailbox always has one that signs in, and is not flooded', async () => {
  const { pool } = api.database;
  const { id } = await openAccount(api);
  const email = `owner@${id}.example`;
  const ask = () => transaction(pool, (tx) => askForLinkTo(tx, email));
  /** As if so much time had passed. */
  const later = (interval: string) =>
    pool.query(
      `update sign_ins set created_at = created_at - $2::interval, expires_at = expires_at - $2::interval,
         used_at = used_at - $2::interval where email = $1`,
      [email, interval],
    );
  const good = async () =>
    (
      await pool.query<{ id: string; left: number }>(
        `select s.id, extract(epoch from s.expires_at - now())::float as left from sign_ins s join notices n on n.key = 'sign-in/' || s.id
         where s.email = $1 and s.expires_at > now() and s.used_at is null order by s.expires_at`,
        [email],
      )
    ).rows;
  for (const _stranger of times(7, Number)) await ask();
  expect((await good()).length).toBe(5);
  // A stranger goes on every two minutes, for a day: the owner may come at any moment.
  for (const _round of times(720, Number)) {
    await later('2 minutes');
    await ask();
    expect((await good()).at(-1)!.left).toBeGreaterThan(110);
  }
  const mailed = (await links(email)).length;
  expect(mailed).toBeGreaterThan(140);
  expect(mailed).toBeLessThanOrEqual(205);
  const { rows } = await pool.query('select 1 from sign_ins where email = $1 and expires_at <= created_at', [email]);
  expect(rows.length).toBeLessThanOrEqual(1);
  // The link in the mailbox signs in; whoever has used it gets another at once.
  const [latest] = (await links(email)).slice(-1);
  expect((await api.ask('POST', linkPath(latest!), { headers: SAME })).status).toBe(303);
  for (const { id: left } of await good())
    await pool.query('update sign_ins set used_at = now() where id = $1', [left]);
  await ask();
  expect((await links(email)).length).toBe(mailed + 1);
});

test('C1 whoever is a member of several accounts chooses one in the page, and another later, in the same twelve hours', async () => {
  const email = 'both@session.example';
  const accounts = [await openAccount(api), await openAccount(api)];
  for (const [nth, { id }] of accounts.entries())
    await api.ask('POST', `/v1/accounts/${id}/members`, {
      key: api.admin,
      body: { name: 'Both', email, role: nth === 0 ? 'member' : 'owner' },
    });
  const [first, second] = accounts as [TestAccount, TestAccount];
  const link = await linkFor(email);
  const { body: page } = await api.ask('GET', link);
  const choices = [...page.matchAll(/\?member=([0-9a-f-]{36})/g)].map(([, id]: string[]) => id);
  expect(choices.length).toBe(2);
  expect((await api.ask('POST', link, { headers: SAME })).body).toContain('<button');
  const used = await api.ask('POST', `${link}?member=${choices[1]}`, { headers: SAME });
  const cookie = cookieOf(used);
  const before = (await whoAmI(cookie)).body;
  expect(before).toMatchObject({ role: 'owner', accountId: second.id });
  expect(before.accounts.map(({ id }: { id: string }) => id).sort()).toEqual([first.id, second.id].sort());

  const choose = (accountId: string) => askBySession(api, cookie, 'POST', '/v1/session', { body: { accountId } });
  expect((await choose(account.id)).status).toBe(404);
  const chosen = await choose(first.id);
  expect(chosen.body).toMatchObject({ role: 'member', accountId: first.id, expiresAt: before.expiresAt });
  expect((await whoAmI(cookie)).status).toBe(401);
  expect((await whoAmI(cookieOf(chosen))).body.accountId).toBe(first.id);
  // A key is of one member: it chooses nothing else.
  const byKey = await signIn(api, { key: first.owner });
  const refused = await askBySession(api, byKey, 'POST', '/v1/session', { body: { accountId: second.id } });
  expect(refused.status).toBe(404);
});

test('C1 a token made with a key signs in once, within an hour, for as long as the key is good', async () => {
  const make = (key: string) => api.ask('POST', '/v1/session/tokens', { body: { key } });
  const { status, body } = await make(api.admin);
  expect(status).toBe(201);
  expect((await whoAmI(await signIn(api, { token: body.token }))).body.role).toBe('admin');
  const again = await api.ask('POST', '/v1/session', { body: { token: body.token } });
  expect(again.body.code).toBe('unauthenticated');
  expect((await make('bk_wrong')).status).toBe(401);
  const { body: old } = await make(account.owner);
  await api.database.pool.query('update sign_ins set expires_at = now() where used_at is null and key_id is not null');
  expect((await api.ask('POST', '/v1/session', { body: { token: old.token } })).status).toBe(401);
});

test('C1 a stream of gates ends when the session is over that it was asked by', async () => {
  const cookie = await signIn(api, { key: api.service });
  const aborting = new AbortController();
  const stream = await fetch(`${api.url}/v1/gates/stream`, { headers: { Cookie: cookie }, signal: aborting.signal });
  expect(stream.status).toBe(200);
  await askBySession(api, cookie, 'DELETE', '/v1/session');
  for await (const _chunk of stream.body!) continue;
});

test('C1 closing an account ends the sessions of its members and leaves no trace of them', async () => {
  const { id } = await openAccount(api);
  const email = `owner@${id}.example`;
  const cookie = cookieOf(await api.ask('POST', await linkFor(email), { headers: SAME }));
  const closed = await api.ask('DELETE', `/v1/accounts/${id}?reason=over`, { key: api.admin });
  expect(closed.status).toBe(200);
  expect((await whoAmI(cookie)).status).toBe(401);
  const { pool } = api.database;
  expect(await readSession(pool, sessionHashOf(tokenOf(cookie)))).toBeNull();
  expect((await pool.query('select 1 from sessions where email = $1', [email])).rowCount).toBe(0);
  expect((await pool.query('select 1 from sign_ins where lower(email) = $1', [email])).rowCount).toBe(0);
});

test('C1 neither cookies nor tokens nor links stand in a log or in the database', async () => {
  const email = `owner@${account.id}.example`;
  const link = await linkFor(email);
  const cookie = await signIn(api, { key: account.owner });
  const { body } = await api.ask('POST', '/v1/session/tokens', { body: { key: account.owner } });
  const secrets = [link.split('/').at(-1)!, tokenOf(cookie), body.token as string];
  // A fault while a link is opened is logged, and its address is not.
  await api.database.owner.query('alter table sign_ins rename to sign_ins_away');
  logged.length = 0;
  expect((await api.ask('GET', link)).status).toBe(500);
  await api.database.owner.query('alter table sign_ins_away rename to sign_ins');
  expect(logged.join('')).toContain('/sign-in/…');
  const { rows } = await api.database.owner.query<{ all: string }>(
    `select (select json_agg(s) from sessions s)::text || (select json_agg(s) from sign_ins s)::text
       || (select json_agg(n) from notices n)::text || (select json_agg(a) from audit a)::text as all`,
  );
  for (const secret of secrets) {
    expect(logged.join('')).not.toContain(secret);
    expect(rows[0]!.all).not.toContain(secret);
  }
});
