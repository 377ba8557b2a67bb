/** L6: no limit request is lost and nobody is told twice, whatever is killed between asking, starting, deciding and telling. */
import { Cluster } from '../support/cluster';
import { until } from '../support/notices';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await Cluster.start({ ADMIN_EMAILS: 'admin@ballast.test, other@ballast.test' });
});
afterAll(() => cluster?.stop());

/** An owner's key of a new account. */
async function ownerOf(id: string): Promise<string> {
  const members = [{ name: 'Olga', email: `olga@${id}.example`, role: 'owner' }];
  await cluster.ask('POST', '/v1/accounts', { id, name: id, members });
  const { body } = await cluster.ask('GET', `/v1/accounts/${id}/members`);
  return (await cluster.ask('POST', `/v1/accounts/${id}/keys`, { memberId: body.data[0].id })).body.key;
}
async function ask(id: string): Promise<string> {
  const wish = { key: 'dedicated.endpoints', requested: 8, reason: 'A launch' };
  const { status, body } = await cluster.ask('POST', `/v1/accounts/${id}/limit-requests`, wish, await ownerOf(id));
  expect(status).toBe(201);
  return body.id;
}
/** Kind and recipient of each mail about the account. */
async function mailsOf(id: string): Promise<string[]> {
  const { body } = await cluster.ask('GET', '/dev/mailbox');
  return body.data
    .filter(({ subject }: any) => subject.startsWith(`${id}: `))
    .map(({ kind, to }: any) => `${kind} ${to}`)
    .sort();
}
const mailed = (id: string, mails: string[]): Promise<string[]> =>
  until(
    () => mailsOf(id),
    (seen) => seen.length >= mails.length,
    30_000,
  );
const decide = (requestId: string) =>
  cluster.ask('POST', `/v1/limit-requests/${requestId}/decision`, { decision: 'approve', note: 'Enjoy.' });
const ended = (requestId: string) =>
  until(
    async () =>
      (await cluster.database.pool.query('select ended_at from limit_requests where id = $1', [requestId])).rows[0],
    ({ ended_at }) => ended_at !== null,
    60_000,
  );

const WAITING = ['limit_request_waiting admin@ballast.test', 'limit_request_waiting other@ballast.test'];

test('L6 the API is killed between a request and its start, with Temporal away: the admins are told, once', async () => {
  await cluster.killTemporal();
  await ask('killed-api');
  await cluster.killApi();
  await cluster.startTemporal();
  await cluster.startApi();
  expect(await mailed('killed-api', WAITING)).toEqual(WAITING);
});

test('L6 the worker is killed between a decision and its mail: who asked is told, once, and the workflow ends', async () => {
  const requestId = await ask('killed-worker');
  await mailed('killed-worker', WAITING);
  await cluster.killWorker();
  expect((await decide(requestId)).status).toBe(200);
  await cluster.startWorker();
  const all = ['limit_request_decided olga@killed-worker.example', ...WAITING];
  expect(await mailed('killed-worker', all)).toEqual(all);
  await ended(requestId);
  expect(await mailsOf('killed-worker')).toEqual(all);
  const { body } = await cluster.ask('GET', '/v1/accounts/killed-worker/limits');
  expect(body.data.find(({ key }: any) => key === 'dedicated.endpoints').limit).toBe(8);
});

test('O4 Temporal loses its data while a request waits: its workflow starts again, mails nobody twice, and ends with the decision', async () => {
  const requestId = await ask('lost-temporal');
  await mailed('lost-temporal', WAITING);
  await cluster.killTemporal();
  cluster.deleteTemporalData();
  await cluster.startTemporal();
  // As if the quarter of an hour were over.
  await cluster.database.pool.query('update limit_requests set start_at = now() where id = $1', [requestId]);
  expect((await decide(requestId)).status).toBe(200);
  await ended(requestId);
  const all = ['limit_request_decided olga@lost-temporal.example', ...WAITING];
  expect(await mailed('lost-temporal', all)).toEqual(all);
});
