/** C3: who looks at an account sees it move. */
import type { Notice } from '../../domain/notice';
import { readAuditTopics } from '../../ledger/accounts/readAuditTopics';
import { readTopicMarks } from '../../ledger/accounts/readTopicMarks';
import { postNotice } from '../../ledger/notices/postNotice';
import { adjust, openAccount, putModel, report, startTestApi, type TestAccount, type TestApi } from '../support/api';
import { openEventStream, type EventStream } from '../support/eventStream';
import { askBySession, signIn } from '../support/session';
import { times } from '../support/times';

let api: TestApi;
/** Another process on the same database. */
let other: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  other = await startTestApi({ database: api.database });
  await putModel(api);
});
afterAll(async () => {
  await other.close();
  await api.close();
});

const streams: EventStream[] = [];
afterEach(async () => {
  await Promise.all(streams.splice(0).map((stream) => stream.close()));
});
async function follow(id: string, headers: Record<string, string>, at = api): Promise<EventStream> {
  const stream = await openEventStream(`${at.url}/v1/accounts/${id}/stream`, headers);
  streams.push(stream);
  return stream;
}
const byKey = (key: string) => ({ Authorization: `Bearer ${key}` });
const withBalance =
  (balance: string) =>
  ({ name, data }: { name: string; data: any }) =>
    name === 'account' && data.balance === balance;
const telling =
  (topic: string) =>
  ({ name, data }: { name: string; data: any }) =>
    name === 'changed' && data.topics.includes(topic);
const watching = ({ name }: { name: string }) => name === 'watching';
const use = (account: TestAccount, id: string, inputTokens: number, at = api) =>
  report(at, [{ id, accountId: account.id, model: 'model', inputTokens }]);

test('C3 a stream tells at once where the account stands, and then each change, as the account itself shows it', async () => {
  const account = await openAccount(api, '10.00');
  const stream = await follow(account.id, byKey(account.member));
  expect(stream.status).toBe(200);
  const first = await stream.next(({ name }) => name === 'account');
  const shown = (await api.ask('GET', `/v1/accounts/${account.id}`, { key: account.member })).body;
  expect(first.data).toEqual({
    gate: { ...shown.gate, asOf: expect.any(String) },
    balance: '10.00',
    held: '0.00',
    available: '10.00',
    autoReload: shown.autoReload,
  });
  await use(account, 'one', 4_000_000);
  await stream.next(withBalance('6.00'));
  await use(account, 'two', 6_000_000, other);
  const { data } = await stream.next(withBalance('0.00'));
  expect(data.gate).toMatchObject({ allowed: false, state: 'suspended', reasons: ['balance_exhausted'] });
  await adjust(other, account.id, '5.50');
  expect((await stream.next(withBalance('5.50'))).data.gate.allowed).toBe(true);
});

test('C3 whoever comes later to a watched account is told at once, and what changes is told to everybody', async () => {
  const account = await openAccount(api, '10.00');
  const early = await follow(account.id, byKey(account.owner));
  await early.next(withBalance('10.00'));
  const all = [early, ...(await Promise.all(times(5, () => follow(account.id, byKey(api.admin)))))];
  await Promise.all(all.map((stream) => stream.next(withBalance('10.00'))));
  await use(account, 'all', 1_000_000);
  await Promise.all(all.map((stream) => stream.next(withBalance('9.00'))));
});

test('C3 a stream tells which lists have changed, by whomever', async () => {
  const account = await openAccount(api, '10.00');
  const stream = await follow(account.id, byKey(account.owner));
  await stream.next(watching);
  await other.ask('POST', `/v1/accounts/${account.id}/members`, {
    key: account.owner,
    body: { name: 'New', email: 'new@stream.example', role: 'member' },
  });
  await stream.next(telling('members'));
  await use(account, 'topic', 1_000_000);
  const { data } = await stream.next(telling('transactions'));
  expect(data.topics).toContain('usage');
  await adjust(api, account.id, '1.00');
  await stream.next(telling('audit'));
});

test('C3 a stream says from when on each change is told, also to whoever joins or comes back', async () => {
  const account = await openAccount(api, '10.00');
  for (let visit = 1; visit <= 3; visit++) {
    const stream = await follow(account.id, byKey(account.owner));
    await stream.next(watching);
    const joined = await follow(account.id, byKey(account.member));
    await joined.next(watching);
    await adjust(other, account.id, '1.00');
    await stream.next(telling('transactions'));
    await joined.next(telling('transactions'));
    await Promise.all([stream.close(), joined.close()]);
  }
});

test('C3 mail that the list of notices lacks is not told of as a notice', async () => {
  const account = await openAccount(api);
  const { pool } = api.database;
  const mark = async () => (await readTopicMarks(pool, [account.id])).get(account.id)!.notices;
  const listed = async () =>
    (await api.ask('GET', `/v1/accounts/${account.id}/notices`, { key: account.owner })).body.data.length;
  const before = await mark();
  const inAnHour = new Date(Date.now() + 3_600_000).toISOString();
  const post = (notice: Notice) => postNotice(pool, account.id, `${notice.kind}/${account.id}`, notice);
  await post({ kind: 'sign_in_link', signInId: account.id, expiresAt: inAnHour });
  expect([await mark(), await listed()]).toEqual([before, 0]);
  await post({ kind: 'resumed', available: '1.00' });
  const told = await mark();
  expect(told).not.toBe(before);
  // The newest of all is one that is not listed: the newest that is listed still counts.
  await pool.query(
    `update notices set at = now() + interval '1 second' where account_id = $1 and kind = 'sign_in_link'`,
    [account.id],
  );
  expect([await mark(), await listed()]).toEqual([told, 1]);
});

test('C3 an evaluation dataset that comes or goes is told of as a change of limits', async () => {
  const account = await openAccount(api);
  const { pool } = api.database;
  const last = async () => (await readTopicMarks(pool, [account.id])).get(account.id)!.audit;
  const change = async (method: string, path: string, sent: object) => {
    const before = await last();
    const { body } = await api.ask(method, `/v1/accounts/${account.id}/evaluation-datasets${path}`, {
      key: account.owner,
      ...sent,
    });
    expect(await readAuditTopics(pool, account.id, before)).toEqual(['limits']);
    return body.id as string;
  };
  const id = await change('POST', '', { raw: 'a\n1\n', headers: { 'Content-Type': 'text/csv' } });
  await change('DELETE', `/${id}`, {});
});

test('C3 who removes a member changes the list of keys, too, and a delivery that ends the list of deliveries', async () => {
  const account = await openAccount(api);
  const { pool } = api.database;
  const { audit, webhook_deliveries: none } = (await readTopicMarks(pool, [account.id])).get(account.id)!;
  const { body } = await api.ask('GET', `/v1/accounts/${account.id}/members`, { key: account.owner });
  const { id } = body.data.find(({ role }: { role: string }) => role === 'member');
  await api.ask('DELETE', `/v1/accounts/${account.id}/members/${id}`, { key: account.owner });
  expect(await readAuditTopics(pool, account.id, audit)).toEqual(['members', 'keys']);

  const path = `/v1/accounts/${account.id}/webhook-endpoints`;
  const endpoint = await api.ask('POST', path, {
    key: account.owner,
    body: { url: 'https://hooks.example.com/', events: ['*'] },
  });
  const mark = async () => (await readTopicMarks(pool, [account.id])).get(account.id)!.webhook_deliveries;
  expect(await mark()).toBe(none);
  const sent = await api.ask('POST', `${path}/${endpoint.body.id}/test`, { key: account.owner });
  const pending = await mark();
  expect(pending).not.toBe(none);
  await api.database.owner.query(
    `update webhook_deliveries set status = 'failed', attempts = 1, ended_at = now() where id = $1`,
    [sent.body.deliveryId],
  );
  expect(await mark()).not.toBe(pending);
});

test('C3 a stream is for the account, and for admins; a stranger, a service and an account that is not there get none', async () => {
  const [account, foreign] = [await openAccount(api), await openAccount(api)];
  const path = `/v1/accounts/${account.id}/stream`;
  expect((await api.ask('GET', path)).status).toBe(401);
  expect((await api.ask('GET', path, { key: foreign.owner })).status).toBe(404);
  expect((await api.ask('GET', path, { key: api.service })).status).toBe(403);
  expect((await api.ask('GET', '/v1/accounts/nobody/stream', { key: api.admin })).status).toBe(404);
});

test('C3 a stream ends with its session, and when its member is removed or its key revoked, also by another process', async () => {
  const account = await openAccount(api);
  const { body } = await api.ask('GET', `/v1/accounts/${account.id}/members`, { key: account.owner });
  const member = body.data.find(({ role }: { role: string }) => role === 'member');
  const cookie = await signIn(api, { key: account.owner });
  const [ofSession, ofMember] = [
    await follow(account.id, { Cookie: cookie }),
    await follow(account.id, byKey(account.member)),
  ];
  await Promise.all([ofSession, ofMember].map((stream) => stream.next(({ name }) => name === 'account')));
  await askBySession(other, cookie, 'DELETE', '/v1/session');
  await ofSession.ended;
  await api.ask('DELETE', `/v1/accounts/${account.id}/members/${member.id}`, { key: account.owner });
  await ofMember.ended;
});

test('C3 a hundred streams of one account are served, and no more; where one ends there is room again', async () => {
  const account = await openAccount(api);
  const open = await Promise.all(times(100, () => follow(account.id, byKey(account.owner))));
  const refused = await api.ask('GET', `/v1/accounts/${account.id}/stream`, { key: account.owner });
  expect([refused.status, refused.body.code]).toEqual([429, 'too_many_requests']);
  await open[0]!.close();
  for (let status = 429; status !== 200;)
    ({ status } = await api.ask('GET', `/v1/accounts/${account.id}/stream`, { key: account.owner }));
});
