/** Figure 16: what 100,000 accounts cost an API process: its start, its memory, and its gates' rate against 100 accounts. */
import { randomUUID } from 'node:crypto';
import { openPool } from '../ledger/db';
import { migrate } from '../ledger/migrate';
import { memoryOf, startApi } from './apiProcess';
import type { MeasuredBallast } from './ballast';
import { load } from './load';
import { summarize, type Figure } from './results';

const ADMIN_KEY = 'admin_key_of_many_accounts';
const CONNECTIONS = 64;
const MANY = 100_000;
const FEW = 100;

export async function manyAccounts({ databaseUrl }: MeasuredBallast, runs: number, seconds = 3): Promise<Figure[]> {
  const [few, many] = [await databaseWith(databaseUrl, FEW), await databaseWith(databaseUrl, MANY)];
  const starts: number[] = [];
  const memory: number[] = [];
  const rates: number[] = [];
  for (let run = 0; run < runs; run++) {
    const [ofFew, ofMany] = [await startApi(few, ADMIN_KEY), await startApi(many, ADMIN_KEY)];
    starts.push(ofMany.startMs / 1_000);
    const atStart = memoryOf(ofMany.pid);
    const rateOf = async (port: number, account: number): Promise<number> => {
      const target = {
        port,
        path: `/v1/accounts/account-${account}/gate`,
        headers: { Authorization: `Bearer ${ADMIN_KEY}` },
      };
      await load(target, { connections: 1, seconds: 0.1, warmUpSeconds: 0 }); // the key is known from now on
      return (await load(target, { connections: CONNECTIONS, seconds })).perSecond;
    };
    const [rateOfMany, rateOfFew] = [await rateOf(ofMany.port, MANY), await rateOf(ofFew.port, FEW)];
    rates.push(rateOfMany / rateOfFew);
    memory.push(Math.max(atStart, memoryOf(ofMany.pid)));
    await Promise.all([ofFew.stop(), ofMany.stop()]);
  }
  return [
    summarize(16, 'API process with 100,000 accounts: from its start until it answers', 's', starts),
    summarize(
      '16memory',
      'API process with 100,000 accounts: resident memory, at its start or under load',
      'MB',
      memory,
    ),
    summarize('16rate', "gates' rate with 100,000 accounts ÷ with 100", 'ratio', rates),
  ];
}

/** A database of its own with so many accounts in money; the server and its databases go with the measurement. */
async function databaseWith(serverUrl: string, accounts: number): Promise<string> {
  const url = new URL(serverUrl);
  url.pathname = `/bench_${accounts}_${randomUUID().slice(0, 8)}`;
  const server = openPool(serverUrl, { connectionsMax: 1 });
  await server.query(`create database ${url.pathname.slice(1)}`);
  await server.end();
  const pool = openPool(url.href, { connectionsMax: 1 });
  await migrate(pool);
  await pool.query(
    `insert into accounts (id, name, tier) select 'account-' || n, 'Bench', 'standard' from generate_series(1, $1) n`,
    [accounts],
  );
  await pool.query('insert into balances (account_id, balance_nano) select id, 1000000000000 from accounts');
  await pool.query('analyze');
  await pool.end();
  return url.href;
}
