/** Figure 12: how soon a second API process, and a client's replica that follows it, say no after the commit that takes an account's balance to 0. */
import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { createClient } from '../client';
import { openPool } from '../ledger/db';
import { startApi } from './apiProcess';
import { ADMIN_KEY, type MeasuredBallast } from './ballast';
import { quantile, summarize, type Figure } from './results';
import { prepareUsage } from './usage';

const COMMITS_PER_RUN = 100;
/** A replica answers in a fraction of a microsecond: it is asked this often, so that it has time to hear. */
const LOOK_MS = 1;

/** Asks until the answer is this one. */
type Becomes = (allowed: boolean) => Promise<void>;
type Mover = { pool: Pool; accountId: string; balanceNano: bigint };

export async function commitToNo(ballast: MeasuredBallast, runs: number): Promise<Figure[]> {
  const { serviceKey, accountIds, pool: prepared } = await prepareUsage(ballast, 1);
  await prepared.end();
  const accountId = accountIds[0]!;
  const second = await startApi(ballast.databaseUrl, ADMIN_KEY);
  const pool = openPool(ballast.databaseUrl, { applicationName: 'bench' });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const client = createClient({ url: `http://127.0.0.1:${second.port}`, key: serviceKey });
  await client.gate.ready(30_000);
  const {
    rows: [account],
  } = await pool.query<{ balance_nano: bigint }>('select balance_nano from balances where account_id = $1', [
    accountId,
  ]);
  const mover = { pool, accountId, balanceNano: account!.balance_nano };
  const overHttp: Becomes = async (allowed) => {
    while ((await isAllowed(agent, second.port, accountId)) !== allowed);
  };
  const inReplica: Becomes = async (allowed) => {
    while (client.gate.allows(accountId) !== allowed) await sleep(LOOK_MS);
  };

  const ofProcess: number[] = [];
  const ofReplica: number[] = [];
  for (let run = 0; run < runs; run++) {
    ofProcess.push(await p99(mover, overHttp));
    ofReplica.push(await p99(mover, inReplica));
  }
  await client.close();
  agent.destroy();
  await pool.end();
  await second.stop();
  const toNo = (where: string): string =>
    `commit that takes the balance to 0 → no at ${where}, p99 of ${COMMITS_PER_RUN}`;
  return [
    summarize(12, toNo('a second API process'), 'ms', ofProcess),
    summarize('12replica', toNo("a client's replica that follows it"), 'ms', ofReplica),
  ];
}

/** Measured from when the statement that commits was sent: the commit itself is a part of it. */
async function p99({ pool, accountId, balanceNano }: Mover, becomes: Becomes): Promise<number> {
  const milliseconds: number[] = [];
  for (let commit = 0; commit < COMMITS_PER_RUN; commit++) {
    await becomes(true);
    const sentMs = performance.now();
    await Promise.all([move(pool, accountId, -balanceNano), becomes(false)]);
    milliseconds.push(performance.now() - sentMs);
    await move(pool, accountId, balanceNano);
  }
  return quantile(
    milliseconds.sort((a, b) => a - b),
    0.99,
  );
}

const move = (pool: Pool, id: string, nano: bigint): Promise<unknown> =>
  pool.query(`select post_line($1, 'adjustment', 'adjustments', $2, $3, 'bench', 'bench')`, [
    id,
    nano,
    `bench/${randomUUID()}`,
  ]);

function isAllowed(agent: Agent, port: number, id: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    request(
      {
        host: '127.0.0.1',
        port,
        path: `/v1/accounts/${id}/gate`,
        agent,
        headers: { authorization: `Bearer ${ADMIN_KEY}` },
      },
      (response) => {
        let text = '';
        response
          .setEncoding('utf8')
          .on('data', (part: string) => (text += part))
          .on('end', () => resolve((JSON.parse(text) as { allowed: boolean }).allowed));
      },
    )
      .on('error', reject)
      .end();
  });
}
