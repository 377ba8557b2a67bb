/** Figure 14: what accounts cost whose workflows rest: memory of the worker, timers, and work for Postgres. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import type { Pool } from 'pg';
import { balanceWorkflowId, refreshSignal } from '../workflows/messages';
import { wakeBalance } from '../workflows/wake';
import { memoryOf } from './apiProcess';
import type { MeasuredBallast } from './ballast';
import { summarize, type Figure } from './results';
import { openSteadyAccounts } from './steadyAccounts';
import { steadyAccountId, type SteadyAccounts } from './steadyLoad';
import { prepareUsage } from './usage';

/** They load and warm the worker's code, so that it is not counted as the accounts'. */
const WARM_UP_ACCOUNTS = 100;
const WAKING_AT_ONCE = 20;
/** Until the relay has nothing more to say and the worker has collected most of its garbage. */
const SETTLE_MS = 10_000;
const WATCHED_SECONDS = 5;
const HISTORIES_LOOKED_AT = 50;

/** Wakes so many accounts' workflows and lets them rest; each is compared with a worker that has not got them. */
export async function idleAccounts(ballast: MeasuredBallast, count: number): Promise<Figure[]> {
  const { pool } = await prepareUsage(ballast, 1);
  const connection = await Connection.connect({ address: ballast.temporalAddress });
  const client = new Client({ connection });
  await wakeAll(pool, client, await openSteadyAccounts(pool, WARM_UP_ACCOUNTS));
  await sleep(SETTLE_MS);
  const before = { megabytes: memoryOf(ballast.pidOf('worker')), perSecond: await transactionsPerSecond(pool) };

  const accounts = await openSteadyAccounts(pool, count);
  await wakeAll(pool, client, accounts);
  await sleep(SETTLE_MS);
  const after = { megabytes: memoryOf(ballast.pidOf('worker')), perSecond: await transactionsPerSecond(pool) };
  const timers = await openTimers(client, accounts);
  await connection.close();
  await pool.end();
  const idle = `${count.toLocaleString('en')} idle accounts`;
  return [
    summarize(14, `${idle}: memory of the worker for each`, 'KB', [((after.megabytes - before.megabytes) * 1_024) / count]),
    summarize('14 timers', `${idle}: timers for each`, 'timers', [timers]),
    summarize('14 polls', `${idle}: transactions in Postgres a second for each`, '/s', [(after.perSecond - before.perSecond) / count]),
    summarize('14 worker', `${idle}: resident memory of the worker`, 'MB', [after.megabytes]),
  ];
}

/** By signal-with-start, as the API does; resolves when every workflow has folded what there is. */
async function wakeAll(pool: Pool, client: Client, accounts: SteadyAccounts): Promise<void> {
  let next = 0;
  const waker = async (): Promise<void> => {
    for (let nth = next++; nth < accounts.count; nth = next++) await wakeBalance(client, steadyAccountId(accounts, nth), refreshSignal);
  };
  await Promise.all(Array.from({ length: WAKING_AT_ONCE }, waker));
  for (;;) {
    const { rows } = await pool.query<{ n: bigint }>('select count(*) as n from balances where account_id like $1 and (revision = 0 or wake)', [`${accounts.prefix}-%`]);
    if (rows[0]!.n === 0n) return;
    await sleep(100);
  }
}

/** Of the whole Ballast: the looks of its loops, which are there without any account too. */
async function transactionsPerSecond(pool: Pool): Promise<number> {
  const read = async (): Promise<bigint> => {
    const { rows } = await pool.query<{ n: bigint }>('select xact_commit + xact_rollback as n from pg_stat_database where datname = current_database()');
    return rows[0]!.n;
  };
  const start = await read();
  await sleep(WATCHED_SECONDS * 1_000);
  return Number((await read()) - start) / WATCHED_SECONDS;
}

/** Started and neither fired nor canceled, for each of the accounts that are looked at. */
async function openTimers(client: Client, accounts: SteadyAccounts): Promise<number> {
  const looked = Math.min(HISTORIES_LOOKED_AT, accounts.count);
  let open = 0;
  for (let i = 0; i < looked; i++) {
    const id = balanceWorkflowId(steadyAccountId(accounts, Math.floor((i * accounts.count) / looked)));
    const { events } = await client.workflow.getHandle(id).fetchHistory();
    for (const event of events ?? []) {
      if (event.timerStartedEventAttributes) open += 1;
      if (event.timerFiredEventAttributes || event.timerCanceledEventAttributes) open -= 1;
    }
  }
  return open / looked;
}
