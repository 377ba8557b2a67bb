/** O4: the relay says for how long news waits, also while Temporal is away, and who never reacts keeps nobody else waiting. */
import { createServer, type AddressInfo } from 'node:net';
import { Client, Connection } from '@temporalio/client';
import pino from 'pino';
import { createMetrics } from '../../telemetry/metrics';
import { createWorkerCounts } from '../../workers/metrics';
import { startRelay, type RelayCounts } from '../../workers/relay';
import { balanceWorkflowId } from '../../workflows/messages';
import { openAccount } from '../support/ledgerAccount';
import { until } from '../support/notices';
import { World } from '../support/world';

const log = pino({ level: 'silent' });
let world: World;
beforeAll(async () => {
  world = await World.start({ time: 'real' });
  await world.stopWorker();
});
afterAll(() => world.close());

/** With news that no workflow has been told. */
async function accountsWithNews(count: number): Promise<string[]> {
  const { pool } = world.database;
  const ids: string[] = [];
  for (let made = 0; made < count; made += 20)
    ids.push(...(await Promise.all(Array.from({ length: Math.min(20, count - made) }, () => openAccount(pool)))));
  await pool.query('select raise_news(id) from unnest($1::text[]) id', [ids]);
  return ids;
}

test('O4 news grows older while Temporal takes no signal, and its age is told', async () => {
  await accountsWithNews(1);
  const nobody = createServer().listen(0, '127.0.0.1');
  await new Promise((listening) => nobody.once('listening', listening));
  const { port } = nobody.address() as AddressInfo;
  await new Promise((closed) => nobody.close(closed));
  const connection = Connection.lazy({ address: `127.0.0.1:${port}` });
  const metrics = createMetrics('worker', 'test');
  const { relay: counts } = createWorkerCounts(metrics);
  const failures: number[] = [];
  const relayed: RelayCounts['relayed'] = (woken, failed) => {
    failures.push(failed);
    counts.relayed(woken, failed);
  };
  const relay = startRelay({
    pool: world.database.pool,
    client: new Client({ connection }),
    log,
    tickMs: 50,
    counts: { ...counts, relayed },
  });
  try {
    await until(
      () => failures,
      (seen) => seen.some((failed) => failed > 0),
    );
    await until(
      async () => Number(/^ballast_relay_lag_seconds.* (\S+)$/m.exec(await metrics.text())![1]),
      (seconds) => seconds > 5,
    );
  } finally {
    await relay.stop();
    await connection.close();
  }
});

test('O4 each of 1,100 accounts with news is signalled while none of them reacts', async () => {
  const ids = await accountsWithNews(1_100);
  const { client } = world;
  const relay = startRelay({ pool: world.database.pool, client, log, tickMs: 50 });
  try {
    const isThere = (id: string): Promise<boolean> =>
      client.workflow
        .getHandle(balanceWorkflowId(id))
        .describe()
        .then(
          () => true,
          () => false,
        );
    let missing = ids;
    await until(
      async () => {
        const some = missing.slice(0, 50);
        const there = await Promise.all(some.map(isThere));
        missing = [...missing.slice(50), ...some.filter((_, i) => !there[i])];
        return missing.length;
      },
      (count) => count === 0,
      150_000,
    );
  } finally {
    await relay.stop();
  }
});
