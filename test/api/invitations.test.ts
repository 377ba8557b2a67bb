/** Mail goes to confirmed addresses only, and no owner can make Ballast send much of it. */
import { compose } from '../../notices/compose';
import { claimDeliveries } from '../../ledger/notices/claimDeliveries';
import { postNotice } from '../../ledger/notices/postNotice';
import type { Notice } from '../../domain/notice';
import { openAccount, startTestApi, type TestApi } from '../support/api';
import { testInvitations } from '../support/links';
import { times } from '../support/times';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

const add = (id: string, key: string, email: string, role = 'owner') =>
  api.ask('POST', `/v1/accounts/${id}/members`, { key, body: { name: 'New', email, role } });
const members = async (id: string) =>
  (await api.ask('GET', `/v1/accounts/${id}/members`, { key: api.admin })).body.data as {
    id: string;
    email: string;
    confirmed: boolean;
  }[];
const recipients = async (id: string, kind: string) =>
  (
    await api.database.pool.query<{ recipient: string; status: string; folds: number; data: any; later: boolean }>(
      `select d.recipient, d.status, d.folds, n.data, d.next_attempt_at > now() + interval '1 minute' as later
       from notices n join notice_deliveries d on d.notice_id = n.id
       where n.account_id = $1 and n.kind = $2 order by n.at, d.recipient`,
      [id, kind],
    )
  ).rows;
const tell = (id: string, key: string, notice: Notice) => postNotice(api.database.pool, id, key, notice);
const low: Notice = { kind: 'low_balance', available: '1.00', autoReload: 'off' };
const path = (url: string) => url.replace('https://ballast.test', '');

test('N1 an address that an owner enters gets an invitation and nothing else, until its link is opened and the button pressed', async () => {
  const { id, owner } = await openAccount(api);
  const { status, body } = await add(id, owner, 'new@strangers.example');
  expect([status, body.confirmed]).toEqual([201, false]);
  await tell(id, `${id}/before`, low);
  expect((await recipients(id, 'low_balance')).map(({ recipient }) => recipient)).toEqual([`owner@${id}.example`]);
  const [invitation, ...more] = await recipients(id, 'invitation');
  expect([invitation!.recipient, more]).toEqual(['new@strangers.example', []]);
  expect(JSON.stringify(invitation!.data)).not.toContain('http');

  const url = path(testInvitations.urlOf({ ...invitation!.data, email: 'new@strangers.example' }));
  const shown = await api.ask('GET', url);
  expect([shown.status, shown.body]).toEqual([200, expect.stringContaining('<button')]);
  expect((await members(id)).find(({ id: one }) => one === body.id)).toMatchObject({ confirmed: false });
  expect((await api.ask('POST', url)).status).toBe(200);
  expect((await members(id)).find(({ id: one }) => one === body.id)).toMatchObject({ confirmed: true });
  await tell(id, `${id}/after`, low);
  expect((await recipients(id, 'low_balance')).map(({ recipient }) => recipient)).toContain('new@strangers.example');
});

test('N1 what an admin enters is confirmed; another address must be confirmed anew, and the link of the old one is over', async () => {
  const { id, owner } = await openAccount(api);
  const { body: entered } = await add(id, api.admin, 'entered@acme.example');
  expect(entered.confirmed).toBe(true);
  const change = (body: object) => api.ask('PATCH', `/v1/accounts/${id}/members/${entered.id}`, { key: owner, body });
  expect((await change({ name: 'Other' })).body.confirmed).toBe(true);
  expect((await change({ email: 'Entered@acme.example' })).body.confirmed).toBe(true);
  expect((await change({ email: 'moved@acme.example' })).body.confirmed).toBe(false);
  const [invitation] = await recipients(id, 'invitation');
  const link = (email: string, expiresAt = invitation!.data.expiresAt) =>
    path(testInvitations.urlOf({ memberId: entered.id, email, expiresAt }));
  expect((await api.ask('POST', link('entered@acme.example'))).status).toBe(404);
  expect((await api.ask('POST', link('moved@acme.example', new Date(Date.now() - 1_000).toISOString()))).status).toBe(
    404,
  );
  const forged = link('moved@acme.example').replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A'));
  expect((await api.ask('POST', forged)).status).toBe(404);
  expect((await api.ask('POST', link('moved@acme.example'))).status).toBe(200);
});

test('an invitation can be sent again, a few times a day; then 429, and nothing is changed', async () => {
  const { id, owner } = await openAccount(api);
  const { body } = await add(id, owner, 'slow@strangers.example');
  const again = () => api.ask('POST', `/v1/accounts/${id}/members/${body.id}/invitation`, { key: owner });
  expect([(await again()).status, (await again()).status]).toEqual([204, 204]);
  expect(await again()).toMatchObject({ status: 429, body: { code: 'too_many_requests' } });
  expect(await recipients(id, 'invitation')).toHaveLength(3);
});

test('an account has at most 50 members, whoever adds them', async () => {
  const { id } = await openAccount(api);
  const added = await Promise.all(times(60, (i) => add(id, api.admin, `m${i}@acme.example`, 'member')));
  expect(added.filter(({ status }) => status === 201)).toHaveLength(47);
  expect(added.find(({ status }) => status !== 201)).toMatchObject({ status: 422, body: { code: 'too_many_members' } });
  expect(await members(id)).toHaveLength(50);
});

test('N1 thirty notices of a kind in a minute make a few mails: three at once, the others folded into the newest', async () => {
  const { id } = await openAccount(api);
  const disabled: Notice = { kind: 'disabled_by_owner', by: 'Olga', threshold: '10.00', amount: '25.00' };
  for (let i = 0; i < 30; i++) await tell(id, `${id}/toggle/${i}`, disabled);
  const mails = await recipients(id, 'disabled_by_owner');
  expect(mails.filter(({ status, later }) => status === 'pending' && !later)).toHaveLength(3);
  expect(mails.filter(({ status }) => status === 'folded')).toHaveLength(26);
  expect(mails.filter(({ later, status }) => status === 'pending' && later)).toMatchObject([{ folds: 26 }]);
  await api.database.pool.query(`update notice_deliveries set next_attempt_at = now() where status = 'pending'`);
  const claimed = (await claimDeliveries(api.database.pool, 100, 60)).find(({ folds }) => folds > 0)!;
  expect(compose(claimed.notice, 'Acme', claimed.folds)).toMatchObject({
    subject: 'Acme: auto-reload is turned off (27 changes)',
    text: expect.stringContaining('There were 27 such changes since our last mail'),
  });
});

test('N1 money is never folded: thirty receipts, refunds and disputes are thirty mails each; so is what auto-reload ends with', async () => {
  const { id } = await openAccount(api);
  const money: Notice[] = [
    { kind: 'reload_succeeded', number: 1, amount: '25.00', balance: '29.98' },
    { kind: 'refund', amount: '25.00', status: 'made', balance: '5.00' },
    { kind: 'dispute', amount: '25.00', status: 'opened' },
    { kind: 'disabled_after_failures', strikes: 3, amount: '25.00', threshold: '10.00', declineMessage: 'No.' },
    { kind: 'confirmation_needed', amount: '25.00', url: 'https://ballast.example/', purpose: 'reload' },
  ];
  for (const notice of money) {
    for (let i = 0; i < 30; i++) await tell(id, `${id}/${notice.kind}/${i}`, notice);
    const mails = await recipients(id, notice.kind);
    expect(mails.filter(({ status, later }) => status === 'pending' && !later)).toHaveLength(30);
  }
});

test('9.20 many batches that end within an hour make a few mails, however many there are', async () => {
  const { id } = await openAccount(api);
  const ended = {
    kind: 'batch_ended',
    status: 'completed',
    requests: 1,
    completed: 1,
    failed: 0,
    charged: '0.01',
  } as const;
  for (let i = 0; i < 30; i++) await tell(id, `${id}/batch/${i}`, { ...ended, batch: `batch_${i}` });
  const mails = await recipients(id, 'batch_ended');
  expect(mails.filter(({ status, later }) => status === 'pending' && !later)).toHaveLength(3);
  expect(mails.filter(({ later, status }) => status === 'pending' && later)).toMatchObject([{ folds: 26 }]);
  expect(compose({ ...ended, batch: 'batch_29' }, 'Acme', 26).subject).toMatch(/ \(27 batches\)$/);
});
