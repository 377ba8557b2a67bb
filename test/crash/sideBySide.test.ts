/** O2: two API processes and two workers on one database and one Temporal, with traffic for the same accounts at the same time. */
import { findViolations } from '../../ledger/transactions/findViolations';
import { Cluster } from '../support/cluster';
import { until } from '../support/notices';
import { times } from '../support/times';

let cluster: Cluster;
let urls: [string, string];
beforeAll(async () => {
  cluster = await Cluster.start({ RELOAD_RETRY_DELAYS: '60s,300s' });
  await Promise.all([cluster.startSecondApi(), cluster.startSecondWorker()]);
  await cluster.putModel();
  urls = [cluster.url, cluster.secondUrl];
});
afterAll(() => cluster?.stop());

const HALF_A_DOLLAR = 500_000;
const event = (accountId: string, id: string, more: object = {}) => ({
  id,
  accountId,
  model: 'm',
  inputTokens: HALF_A_DOLLAR,
  ...more,
});
const atBoth = <T>(act: (url: string) => Promise<T>): Promise<[T, T]> => Promise.all([act(urls[0]), act(urls[1])]);
const followAtBoth = (account: string, allowed: boolean) =>
  atBoth((url) =>
    until(
      () => cluster.gate(account, url),
      (gate) => gate.allowed === allowed,
    ),
  );

/** Every event goes to both APIs, in requests cut at other places, so that each commit meets duplicates of the other's. */
async function useAtBoth(account: string, events: number): Promise<void> {
  const all = times(events, (nth) => event(account, `use-${nth}`));
  const cut = (from: unknown[], size: number): unknown[][] =>
    times(Math.ceil(from.length / size), (nth) => from.slice(nth * size, (nth + 1) * size));
  const answers = await Promise.all([
    ...cut(all, 3).map((batch) => cluster.report(batch, urls[0])),
    ...cut(all.toReversed(), 5).map((batch) => cluster.report(batch, urls[1])),
  ]);
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  const sum = (count: 'accepted' | 'duplicates'): number => answers.reduce((all, { body }) => all + body[count], 0);
  expect({ accepted: sum('accepted'), duplicates: sum('duplicates') }).toEqual({
    accepted: events,
    duplicates: events,
  });
}

/** A hold by one API; the other ends it, at the same time as the first. */
async function holdAtBoth(account: string, end: 'settle' | 'release', nth: number): Promise<void> {
  const [place, other] = nth % 2 === 0 ? urls : urls.toReversed();
  const path = `/v1/accounts/${account}/holds`;
  const hold = await cluster.askAsService('POST', path, { amount: '1.00' }, place, {
    'Idempotency-Key': `hold-${end}-${nth}`,
  });
  expect(hold.status).toBe(201);
  const body = end === 'settle' ? { events: [event(account, `held-${nth}`)] } : {};
  const ended = await Promise.all(
    [place, other].map((url) =>
      cluster.askAsService('POST', `${path}/${hold.body.id}/${end}`, body, url, { 'Idempotency-Key': `${end}-${nth}` }),
    ),
  );
  expect(ended.map(({ status }) => status)).toEqual([200, 200]);
  expect(ended[0]!.body).toEqual(ended[1]!.body);
}

const adjust = (account: string, amount: string, url: string, key: string) =>
  cluster.ask(
    'POST',
    `/v1/accounts/${account}/adjustments`,
    { amount, reason: 'test' },
    undefined,
    { 'Idempotency-Key': key },
    url,
  );

test('O2 overlapping usage, holds, a crossing and its reload through two APIs and two workers: each event, hold and charge counts once', async () => {
  const accounts = await Promise.all(times(3, (nth) => cluster.account(`shared-${nth}`)));
  await Promise.all(
    accounts.map(async (account) => {
      await Promise.all([
        ...times(4, (nth) => holdAtBoth(account, 'settle', nth)),
        ...times(4, (nth) => holdAtBoth(account, 'release', nth)),
      ]);
      // $20.00 paid, $2.00 of it settled holds: $20.00 more crosses the threshold of $10.00, and the reload of $25.00 leads above it again.
      await useAtBoth(account, 40);
      await until(
        () => cluster.lines(account, 'reload'),
        (reloads) => reloads === 1,
        40_000,
      );
      expect(await cluster.paidCharges(account)).toBe(2);
      const [first, second] = await followAtBoth(account, true);
      expect(first).toMatchObject({ state: 'ok' });
      await until(
        () => cluster.gate(account, urls[1]),
        (gate) => gate.version === first.version || gate.version > second.version,
      );
      const { body } = await cluster.ask('GET', `/v1/accounts/${account}`);
      expect(body).toMatchObject({ balance: '23.00', held: '0.00', available: '23.00' });
      const receipts = (await cluster.ask('GET', `/v1/accounts/${account}/notices`)).body.data.filter(
        ({ kind }: { kind: string }) => kind === 'reload_succeeded',
      );
      expect(receipts).toHaveLength(1);
    }),
  );
  expect(await findViolations(cluster.database.pool)).toEqual([]);
});

test('S5 what one API commits or is told suspends and resumes at both, while usage comes in at both', async () => {
  const account = await cluster.account('spent', 'pm_card_chargeCustomerFail');
  await useAtBoth(account, 40);
  const gates = await followAtBoth(account, false);
  for (const gate of gates) expect(gate).toMatchObject({ state: 'suspended', reasons: ['balance_exhausted'] });
  const view = async () => (await cluster.ask('GET', `/v1/accounts/${account}/auto-reload`)).body;
  await until(view, ({ strikes }) => strikes === 1);

  expect((await adjust(account, '30.00', urls[1], 'more')).status).toBe(201);
  await followAtBoth(account, true);
  await until(view, ({ reload }) => reload === null);
  await cluster.ask('PUT', `/v1/accounts/${account}/suspension`, { reason: 'looked odd' }, undefined, {}, urls[0]);
  for (const gate of await followAtBoth(account, false)) expect(gate).toMatchObject({ reasons: ['admin_suspended'] });
  await cluster.ask('DELETE', `/v1/accounts/${account}/suspension`, undefined, undefined, {}, urls[1]);
  const [first, second] = await followAtBoth(account, true);
  expect(first.version).toBe(second.version);
  expect(await cluster.paidCharges(account)).toBe(1);
  expect(await findViolations(cluster.database.pool)).toEqual([]);
});
