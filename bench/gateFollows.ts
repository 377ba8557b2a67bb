/** Figure 12: how soon another API process says no, after the commit that takes an account's balance to 0. */
import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { performance } from 'node:perf_hooks';
import type { Pool } from 'pg';
import { openPool } from '../ledger/db';
import { startApi } from './apiProcess';
import type { MeasuredBallast } from './ballast';
import { quantile, summarize, type Figure } from './results';
import { openAccounts } from './usage';

const ADMIN_KEY = 'admin_key_of_the_second_api';
const COMMITS_PER_RUN = 100;

/** Measured from when the statement that commits was sent: the commit itself is a part of it. */
export async function commitToNo({ databaseUrl }: MeasuredBallast, runs: number): Promise<Figure[]> {
  const second = await startApi(databaseUrl, ADMIN_KEY);
  const pool = openPool(databaseUrl, { applicationName: 'bench' });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const id = `follow-${randomUUID().slice(0, 8)}`;
  await openAccounts(pool, [id]);
  const { rows: [account] } = await pool.query<{ balance_nano: bigint }>('select balance_nano from balances where account_id = $1', [id]);
  const becomes = async (allowed: boolean): Promise<void> => {
    while ((await isAllowed(agent, second.port, id)) !== allowed);
  };

  const p99s: number[] = [];
  for (let run = 0; run < runs; run++) {
    const milliseconds: number[] = [];
    for (let commit = 0; commit < COMMITS_PER_RUN; commit++) {
      await becomes(true);
      const sentMs = performance.now();
      await Promise.all([move(pool, id, -account!.balance_nano), becomes(false)]);
      milliseconds.push(performance.now() - sentMs);
      await move(pool, id, account!.balance_nano);
    }
    p99s.push(quantile(milliseconds.sort((a, b) => a - b), 0.99));
  }
  agent.destroy();
  await pool.end();
  await second.stop();
  return [summarize(12, `commit that takes the balance to 0 → no at a second API process, p99 of ${COMMITS_PER_RUN}`, 'ms', p99s)];
}

const move = (pool: Pool, id: string, nano: bigint): Promise<unknown> =>
  pool.query(`select post_line($1, 'adjustment', 'adjustments', $2, $3, 'bench', 'bench')`, [id, nano, `bench/${randomUUID()}`]);

function isAllowed(agent: Agent, port: number, id: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path: `/v1/accounts/${id}/gate`, agent, headers: { authorization: `Bearer ${ADMIN_KEY}` } }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part)).on('end', () => resolve((JSON.parse(text) as { allowed: boolean }).allowed));
    }).on('error', reject).end();
  });
}
