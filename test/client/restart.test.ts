/** The client against API processes that are killed. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster } from '../support/cluster';
import { until } from '../support/notices';
import { charged, notedClient } from './support';

let cluster: Cluster;
let key: string;
beforeAll(async () => {
  cluster = await Cluster.start();
  await cluster.putModel();
  key = (await cluster.ask('POST', '/v1/keys', { role: 'service', name: 'client' })).body.key;
});
afterAll(() => cluster?.stop());

test('B3 the API is killed and started again while usage is reported: every event is charged once', async () => {
  const account = await cluster.account('reporting');
  const client = notedClient({
    url: cluster.url,
    key,
    timeoutMs: 2_000,
    reporting: { batchEventsMax: 50, requestsMax: 4 },
  });
  let reported = 0;
  let reporting = true;
  const report = async () => {
    for (; reporting; await sleep(2))
      for (let i = 0; i < 5; i++)
        client.report({ id: `e${reported++}`, accountId: account, model: 'm', inputTokens: 1_000 });
  };
  const done = report();
  for (let kills = 0; kills < 3; kills++) {
    await sleep(300);
    await cluster.killApi();
    await sleep(100);
    await cluster.startApi();
  }
  reporting = false;
  await done;
  await client.close(30_000);
  expect(client.errors.length).toBeGreaterThan(0);
  expect(client.rejected).toEqual([]);
  expect(await charged(cluster.database, account)).toEqual({ events: reported, cost: String(reported * 1_000_000) });
});

test('S6 the API is killed: the replica goes on within its limit, and follows again once the API is back', async () => {
  const account = await cluster.account('following');
  const client = notedClient({ url: cluster.url, key, gate: {} });
  await client.gate.ready(20_000);
  await until(() => client.gate.allows(account), Boolean);
  await cluster.killApi();
  await until(() => client.errors.length, Boolean);
  expect(client.gate.allows(account)).toBe(true);
  await cluster.startApi();
  await cluster.ask('PUT', `/v1/accounts/${account}/suspension`, { reason: 'test' });
  await until(
    () => client.gate.check(account),
    (verdict) => !verdict.allowed && verdict.because === 'suspended',
  );
  expect(client.gate.get(account)).toMatchObject({ reasons: ['admin_suspended'] });
  await client.close();
});
