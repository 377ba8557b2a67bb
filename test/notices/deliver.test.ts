import { pino } from 'pino';
import type { Notice } from '../../domain/notice';
import { claimDeliveries } from '../../ledger/notices/claimDeliveries';
import { openPool, transaction, type Db } from '../../ledger/db';
import { listMailbox } from '../../ledger/notices/listMailbox';
import { postNotice } from '../../ledger/notices/postNotice';
import { recordDelivery } from '../../ledger/notices/recordDelivery';
import { askForLink } from '../../ledger/sessions/askForLink';
import { readLink } from '../../ledger/sessions/readLink';
import { testInvitations, testSignIns } from '../support/links';
import { startDelivering } from '../../notices/deliver';
import { createMailer, type Mailer } from '../../notices/mailer';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { insertAccount, makeDue, readDeliveries, until, type DeliveryRow } from '../support/notices';
import { startSmtpSink, type Answer, type SmtpSink } from '../support/smtpSink';

const log = pino({ level: 'silent' });
const from = 'Ballast <billing@ballast.example>';
const resumed: Notice = { kind: 'resumed', available: '25.00' };
const suspended: Notice = { kind: 'suspended', reasons: ['balance_exhausted'], available: '0.00' };

let database: TestDatabase;
let sink: SmtpSink | undefined;
const running: { stop(): Promise<void> }[] = [];

beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((worker) => worker.stop()));
  await sink?.close();
  sink = undefined;
  await database.drop();
});

function deliverWith(mailer: Mailer, pool: Db = database.pool): void {
  running.push(startDelivering({ pool, invitations: testInvitations, signIns: testSignIns, mailer, log, pollMs: 10 }));
}

/** Starts a mail server and a worker that sends through it. */
async function deliverBySmtp(answer?: Answer): Promise<SmtpSink> {
  sink = await startSmtpSink(answer);
  deliverWith(createMailer({ smtpUrl: sink.url, from, db: database.pool }));
  return sink;
}

const deliveries = () => readDeliveries(database.pool);
/** Of what is waited seconds may have passed when it is looked at. */
const about = (seconds: number): unknown => expect.closeTo(seconds, -1);
/** While it is being sent nobody else may take it for two minutes. */
const isClaimed = ({ wait_seconds: seconds }: DeliveryRow): boolean => Math.abs(seconds - 120) < 30;
const settled = () => until(deliveries, (rows) => rows.length > 0 && rows.every((row) => row.status !== 'pending'));

test('N1 every owner gets one mail by SMTP, and nobody else does', async () => {
  await insertAccount(database.pool, 'acme', ['a@acme.example', 'b@acme.example', 'gone@acme.example']);
  await insertAccount(database.pool, 'other', ['c@other.example']);
  await database.pool.query("update members set removed_at = now() where email like 'gone@%'");
  await database.pool.query(
    "insert into members (account_id, name, email, role) values ('acme', 'M', 'm@acme.example', 'member')",
  );
  await postNotice(database.pool, 'acme', 'resumed/acme/1', resumed);
  const { taken } = await deliverBySmtp();

  expect(await settled()).toMatchObject([
    { recipient: 'a@acme.example', status: 'sent', attempts: 1, last_error: null },
    { recipient: 'b@acme.example', status: 'sent', attempts: 1, last_error: null },
  ]);
  expect(taken.map(({ to }) => to).sort()).toEqual(['a@acme.example', 'b@acme.example']);
  const [mail] = taken;
  expect(mail!.from).toBe('billing@ballast.example');
  expect(mail!.raw).toMatch(/^Subject: Account acme: access is back$/m);
  expect(mail!.raw).toMatch(/^Auto-Submitted: auto-generated$/m);
  expect(mail!.raw).toMatch(/^Message-ID:\s+<[0-9a-f-]{36}\.[0-9a-f]{16}@ballast\.example>$/m);
  expect(mail!.raw).toMatch(/multipart\/alternative[\s\S]*text\/plain[\s\S]*\$25\.00[\s\S]*text\/html/);
});

test('N1 the same event posted again, by whomever, is one mail', async () => {
  await insertAccount(database.pool, 'acme', ['a@acme.example']);
  await Promise.all(Array.from({ length: 5 }, () => postNotice(database.pool, 'acme', 'resumed/acme/1', resumed)));
  const { taken } = await deliverBySmtp();
  await settled();
  await postNotice(database.pool, 'acme', 'resumed/acme/1', resumed);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(taken).toHaveLength(1);
});

test('N1 an event that is rolled back is told to nobody', async () => {
  await insertAccount(database.pool, 'acme', ['a@acme.example']);
  const client = await database.pool.connect();
  await client.query('begin');
  await postNotice(client, 'acme', 'resumed/acme/1', resumed);
  await client.query('rollback');
  client.release();
  expect(await deliveries()).toEqual([]);
});

test('N1 one owner’s bouncing address fails at once and does not stop the others', async () => {
  await insertAccount(database.pool, 'acme', ['a@acme.example', 'bounces@acme.example', 'c@acme.example']);
  await postNotice(database.pool, 'acme', 'resumed/acme/1', resumed);
  const { taken } = await deliverBySmtp((command) => (command.includes('<bounces@') ? '550 no such user' : undefined));
  expect(await settled()).toMatchObject([
    { recipient: 'a@acme.example', status: 'sent' },
    {
      recipient: 'bounces@acme.example',
      status: 'failed',
      attempts: 1,
      last_error: expect.stringContaining('550 no such user') as string,
    },
    { recipient: 'c@acme.example', status: 'sent' },
  ]);
  expect(taken).toHaveLength(2);
});

test('N1 an address that is busy is tried again, later each time, while the others have their mail', async () => {
  await insertAccount(database.pool, 'acme', ['a@acme.example', 'busy@acme.example']);
  await postNotice(database.pool, 'acme', 'resumed/acme/1', resumed);
  let busy = true;
  const { taken } = await deliverBySmtp((command) =>
    busy && command.includes('<busy@') ? '451 try later' : undefined,
  );
  const waits: number[] = [];
  for (let attempt = 1; attempt <= 3; attempt++) {
    const [first, second] = await until(
      deliveries,
      ([other, row]) =>
        other?.status === 'sent' && row?.attempts === attempt && row.last_error !== null && !isClaimed(row),
    );
    expect(first).toMatchObject({ status: 'sent', attempts: 1 });
    expect(second).toMatchObject({ status: 'pending', last_error: expect.stringContaining('451') as string });
    waits.push(second!.wait_seconds);
    if (attempt === 3) busy = false;
    await makeDue(database.pool);
  }
  expect(waits).toEqual([60, 300, 900].map(about));
  expect(await settled()).toMatchObject([{ status: 'sent' }, { status: 'sent', attempts: 4, last_error: null }]);
  expect(taken.map(({ to }) => to)).toEqual(['a@acme.example', 'busy@acme.example']);
});

test('N1 after the last delay a delivery is given up', async () => {
  await insertAccount(database.pool, 'acme', ['busy@acme.example']);
  await postNotice(database.pool, 'acme', 'resumed/acme/1', resumed);
  await database.pool.query('update notice_deliveries set attempts = 8');
  await deliverBySmtp((command) => (command.startsWith('RCPT') ? '451 try later' : undefined));
  expect(await settled()).toMatchObject([{ status: 'failed', attempts: 9 }]);
});

test.each([
  ['refuses our sender', 'MAIL', '550 sender not allowed'],
  ['breaks off after the data', '.', '421 going down'],
])('N1 a server that %s is no fault of the address: the mail is tried again', async (_name, start, reply) => {
  await insertAccount(database.pool, 'acme', ['a@acme.example']);
  await postNotice(database.pool, 'acme', 'resumed/acme/1', resumed);
  let wrong = true;
  const { taken } = await deliverBySmtp((command) => (wrong && command.startsWith(start) ? reply : undefined));
  await until(deliveries, ([row]) => row!.status === 'pending' && row!.last_error !== null);
  wrong = false;
  await makeDue(database.pool);
  expect(await settled()).toMatchObject([{ status: 'sent', attempts: 2 }]);
  expect(taken).toHaveLength(1);
});

test('N1 no server at all: the mail waits', async () => {
  await insertAccount(database.pool, 'acme', ['a@acme.example']);
  await postNotice(database.pool, 'acme', 'resumed/acme/1', resumed);
  deliverWith(createMailer({ smtpUrl: 'smtp://127.0.0.1:1', from, db: database.pool }));
  const [row] = await until(deliveries, ([seen]) => seen!.last_error !== null);
  expect(row).toMatchObject({ status: 'pending', attempts: 1, wait_seconds: about(60) as number });
});

test('N1 an address that never answers holds nobody else up', async () => {
  const owners = ['silent@acme.example', ...Array.from({ length: 20 }, (_, index) => `o${index}@acme.example`)];
  await insertAccount(database.pool, 'acme', owners);
  await postNotice(database.pool, 'acme', 'resumed/acme/1', resumed);
  const { taken } = await deliverBySmtp((command) => (command.includes('<silent@') ? null : undefined));
  await until(
    () => taken.length,
    (count) => count === 20,
  );
  await sink!.close(); // or the worker would wait for the silent one
  sink = undefined;
});

test('N1 two workers at once send each mail once', async () => {
  for (let account = 0; account < 10; account++) {
    await insertAccount(database.pool, `a${account}`, [`x${account}@a.example`, `y${account}@a.example`]);
    await postNotice(database.pool, `a${account}`, `resumed/a${account}/1`, resumed);
  }
  sink = await startSmtpSink();
  const other = openPool(database.url, { applicationName: 'other worker' });
  for (const pool of [database.pool, other]) deliverWith(createMailer({ smtpUrl: sink.url, from, db: pool }), pool);
  await settled();
  await Promise.all(running.splice(0).map((worker) => worker.stop()));
  await other.end();
  expect(sink.taken.map(({ to }) => to).sort()).toEqual([...new Set(sink.taken.map(({ to }) => to))].sort());
  expect(sink.taken).toHaveLength(20);
});

test('N1 a worker that dies in mid-send: the mail is sent again under the same Message-ID, but not while the claim holds', async () => {
  await insertAccount(database.pool, 'acme', ['a@acme.example']);
  await postNotice(database.pool, 'acme', 'resumed/acme/1', resumed);
  const mailer = createMailer({ from, db: database.pool });
  const [claimed] = await claimDeliveries(database.pool, 5, 120);
  const messageId = mailer.messageIdOf(claimed!.noticeId, claimed!.recipient);
  expect(await claimDeliveries(database.pool, 5, 120)).toEqual([]);

  await makeDue(database.pool);
  deliverWith(mailer);
  expect(await settled()).toMatchObject([{ status: 'sent', attempts: 2 }]);
  const { rows } = await database.pool.query('select message_id, kind, recipient, subject from dev_mailbox');
  expect(rows).toEqual([
    { message_id: messageId, kind: 'resumed', recipient: 'a@acme.example', subject: 'Account acme: access is back' },
  ]);

  await recordDelivery(database.pool, claimed!, {
    kind: 'put_off',
    error: 'late news of the first try',
    delaySeconds: 60,
  });
  expect(await deliveries()).toMatchObject([{ status: 'sent', last_error: null }]);
});

test('N1 the dev mailbox keeps a repeated mail once', async () => {
  const mailer = createMailer({ from, db: database.pool });
  const mail = { messageId: '<1@x>', kind: 'resumed', to: 'a@acme.example', subject: 'S', text: 'T', html: '<p>T</p>' };
  expect(await Promise.all([mailer.send(mail), mailer.send(mail)])).toEqual([{ kind: 'sent' }, { kind: 'sent' }]);
  const { rows } = await database.pool.query('select subject, body from dev_mailbox');
  expect(rows).toEqual([{ subject: 'S', body: 'T' }]);
});

test('C1 whoever asks to sign in gets one mail, to that address alone, whose link is made as it is sent', async () => {
  await insertAccount(database.pool, 'acme', ['a@acme.example', 'b@acme.example']);
  await transaction(database.pool, (tx) => askForLink(tx, 'A@acme.example'));
  await transaction(database.pool, (tx) => askForLink(tx, 'nobody@acme.example'));
  const { rows: before } = await database.pool.query<{ data: object }>('select data from notices');
  deliverWith(createMailer({ from, db: database.pool }));
  expect(await settled()).toMatchObject([{ recipient: 'a@acme.example', status: 'sent' }]);
  const [mail, ...others] = await listMailbox(database.pool);
  expect([mail!.to, mail!.kind, others]).toEqual(['a@acme.example', 'sign_in_link', []]);
  const [, token] = /https:\/\/ballast\.test\/sign-in\/(\S+)/.exec(mail!.text)!;
  const link = testSignIns.read(token!)!;
  expect([link.isFor('a@acme.example'), link.isFor('b@acme.example')]).toEqual([true, false]);
  expect(await readLink(database.pool, link.signInId)).toBe('A@acme.example');
  expect(JSON.stringify(before)).not.toContain(token!.split('.')[1]);
});

test('N1 "resumed" comes to an owner only after "suspended" has', async () => {
  await insertAccount(database.pool, 'acme', ['a@acme.example', 'busy@acme.example']);
  await postNotice(database.pool, 'acme', 'suspended/acme/1', suspended);
  await postNotice(database.pool, 'acme', 'resumed/acme/1', resumed);
  let busy = true;
  const { taken } = await deliverBySmtp((command) =>
    busy && command.includes('<busy@') ? '451 try later' : undefined,
  );
  const told = (to: string) => taken.filter((mail) => mail.to === to).map((mail) => /access is \w+/.exec(mail.raw)![0]);
  await until(
    () => told('a@acme.example'),
    (mails) => mails.length === 2,
  );
  const busyOnes = (await deliveries()).filter((row) => row.recipient === 'busy@acme.example');
  expect(busyOnes).toMatchObject([
    { status: 'pending', attempts: 1 },
    { status: 'pending', attempts: 0 },
  ]);
  busy = false;
  await makeDue(database.pool);
  await settled();
  for (const to of ['a@acme.example', 'busy@acme.example'])
    expect(told(to)).toEqual(['access is suspended', 'access is back']);
});

test('N1 an address can not smuggle in other recipients', async () => {
  await insertAccount(database.pool, 'acme', ['a@acme.example, b@elsewhere.example']);
  await postNotice(database.pool, 'acme', 'resumed/acme/1', resumed);
  const { commands, taken } = await deliverBySmtp();
  await until(deliveries, ([row]) => row!.status === 'sent' || row!.last_error !== null);
  expect(commands.filter((command) => command.startsWith('RCPT'))).not.toContain('RCPT TO:<b@elsewhere.example>');
  expect(taken.length).toBeLessThanOrEqual(1);
});

test('N1 a notice that no mail can be made of does not stop the next one', async () => {
  await insertAccount(database.pool, 'acme', ['a@acme.example']);
  await postNotice(database.pool, 'acme', 'broken/1', { kind: 'resumed', available: 'not money' });
  await postNotice(database.pool, 'acme', 'resumed/acme/1', resumed);
  deliverWith(createMailer({ from, db: database.pool }));
  const rows = await until(deliveries, (seen) => seen.every((row) => row.status === 'sent' || row.last_error !== null));
  expect(rows.map((row) => row.status).sort()).toEqual(['pending', 'sent']);
});

test('N1 a database that goes away for a moment does not end the sending', async () => {
  await insertAccount(database.pool, 'acme', ['a@acme.example']);
  await postNotice(database.pool, 'acme', 'resumed/acme/1', resumed);
  let failures = 2;
  const flaky: Db = {
    query: (...args) => (failures-- > 0 ? Promise.reject(new Error('connection lost')) : database.pool.query(...args)),
  };
  deliverWith(createMailer({ from, db: database.pool }), flaky);
  expect(await settled()).toMatchObject([{ status: 'sent' }]);
});

test('N1 stopping waits for what is being sent and begins nothing new', async () => {
  await insertAccount(database.pool, 'acme', ['a@acme.example']);
  await postNotice(database.pool, 'acme', 'resumed/acme/1', resumed);
  const sent: string[] = [];
  let finish: (() => void) | undefined;
  const slow: Mailer = {
    messageIdOf: () => '<1@x>',
    send: (mail) =>
      new Promise((resolve) => {
        finish = () => {
          sent.push(mail.to);
          resolve({ kind: 'sent' });
        };
      }),
  };
  const worker = startDelivering({
    pool: database.pool,
    invitations: testInvitations,
    signIns: testSignIns,
    mailer: slow,
    log,
    pollMs: 10,
  });
  await until(() => finish, Boolean);
  const stopped = worker.stop();
  await postNotice(database.pool, 'acme', 'resumed/acme/2', resumed);
  finish!();
  await stopped;
  expect(sent).toEqual(['a@acme.example']);
  expect((await deliveries()).map((row) => row.status).sort()).toEqual(['pending', 'sent']);
});

test('N1 a mail that could not go out while its link was good is given up, not sent with a dead link', async () => {
  const { pool } = database;
  await insertAccount(pool, 'acme', ['a@acme.example', 'b@acme.example']);
  await transaction(pool, (tx) => askForLink(tx, 'a@acme.example'));
  // It was put off, as by a busy mail server, for as long as its link was good.
  await pool.query(
    `update notices set data = data || jsonb_build_object('expiresAt', now() - interval '1 second') where kind = 'sign_in_link'`,
  );
  await transaction(pool, (tx) => askForLink(tx, 'b@acme.example'));
  const { taken } = await deliverBySmtp();
  expect(await settled()).toMatchObject([
    { recipient: 'a@acme.example', status: 'failed', last_error: expect.stringContaining('link') },
    { recipient: 'b@acme.example', status: 'sent', last_error: null },
  ]);
  expect(taken.map(({ to }) => to)).toEqual(['b@acme.example']);
});
