/** Figure 14: what accounts cost whose workflows rest: memory of the worker, timers, and work for Postgres. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import type { Pool } from 'pg';
import { balanceWorkflowId, refreshSignal } from '../workflows/messages';
import { wakeBalance } from '../workflows/wake';
import { CACHED_WORKFLOWS_MAX } from '../workers/createWorker';
import { memoryOf } from './apiProcess';
import type { MeasuredBallast } from './ballast';
import { summarize, type Figure } from './results';
import { openSteadyAccounts } from './steadyAccounts';
import { steadyAccountId, type SteadyAccounts } from './steadyLoad';
import { prepareUsage } from './usage';

/** They load and warm the worker's code, so that it is not counted as the accounts'. */
const WARM_UP_ACCOUNTS = 100;
const WAKING_AT_ONCE = 20;
/** Until the relay has nothing more to say and the worker has collected some of its garbage. */
const SETTLE_MS = 5_000;
const WATCHED_SECONDS = 5;
const HISTORIES_LOOKED_AT = 50;
const WAKES = 30;

/** Wakes so many accounts' workflows, more than the worker keeps in memory, and lets them rest. */
export async function idleAccounts(ballast: MeasuredBallast, count: number): Promise<Figure[]> {
  const { pool } = await prepareUsage(ballast, 1);
  const connection = await Connection.connect({ address: ballast.temporalAddress });
  const client = new Client({ connection });
  /** What the machine bears for a Ballast with so many accounts more. */
  const withAccounts = async (more: number) => {
    const accounts = await openSteadyAccounts(pool, more);
    await wakeAll(pool, client, accounts);
    await sleep(SETTLE_MS);
    return { accounts, megabytes: memoryOf(ballast.pidOf('worker')), perSecond: await transactionsPerSecond(pool) };
  };
  const none = await withAccounts(WARM_UP_ACCOUNTS);
  const filled = CACHED_WORKFLOWS_MAX - WARM_UP_ACCOUNTS;
  const cached = await withAccounts(filled);
  const all = await withAccounts(count - filled);
  const timers = await openTimers(client, all.accounts);
  const wakes = {
    cached: await wakeTimes(pool, client, lastOf(all.accounts)),
    replayed: await wakeTimes(pool, client, lastOf(cached.accounts)),
  };
  await connection.close();
  await pool.end();
  const idle = `${count.toLocaleString('en')} idle accounts`;
  const kilobytes = (more: { megabytes: number }, accounts: number): number[] => [
    ((more.megabytes - none.megabytes) * 1_024) / accounts,
  ];
  return [
    summarize(14, `${idle}: memory of the worker for each`, 'KB', kilobytes(all, count)),
    summarize('14timers', `${idle}: timers for each`, 'timers', [timers]),
    summarize('14polls', `${idle}: transactions in Postgres a second for each`, '/s', [
      (all.perSecond - none.perSecond) / count,
    ]),
    summarize('14worker', `${idle}: resident memory of the worker`, 'MB', [all.megabytes]),
    summarize('14cached', 'memory of the worker for each workflow that it keeps', 'KB', kilobytes(cached, filled)),
    summarize('14wakeCached', 'signal → folded, a workflow that is in memory', 'ms', wakes.cached),
    summarize('14wakeReplayed', 'signal → folded, a workflow that is replayed from its history', 'ms', wakes.replayed),
  ];
}

/** By signal-with-start, as the API does; resolves when every workflow has folded what there is. */
async function wakeAll(pool: Pool, client: Client, accounts: SteadyAccounts): Promise<void> {
  let next = 0;
  const waker = async (): Promise<void> => {
    for (let nth = next++; nth < accounts.count; nth = next++)
      await wakeBalance(client, steadyAccountId(accounts, nth), refreshSignal);
  };
  await Promise.all(Array.from({ length: WAKING_AT_ONCE }, waker));
  for (;;) {
    const { rows } = await pool.query<{ n: bigint }>(
      'select count(*) as n from balances where account_id like $1 and (revision = 0 or wake)',
      [`${accounts.prefix}-%`],
    );
    if (rows[0]!.n === 0n) return;
    await sleep(100);
  }
}

/** Of the whole Ballast: the looks of its loops, which are there without any account too. */
async function transactionsPerSecond(pool: Pool): Promise<number> {
  const read = async (): Promise<bigint> => {
    const { rows } = await pool.query<{ n: bigint }>(
      'select xact_commit + xact_rollback as n from pg_stat_database where datname = current_database()',
    );
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

/** Those that were woken last. */
const lastOf = ({ prefix, count }: SteadyAccounts): string[] =>
  Array.from({ length: Math.min(WAKES, count) }, (_, i) => steadyAccountId({ prefix, count }, count - 1 - i));

/** Milliseconds from the signal until the workflow has read its account, one account after the other. */
async function wakeTimes(pool: Pool, client: Client, ids: readonly string[]): Promise<number[]> {
  const revision = async (id: string): Promise<bigint> =>
    (await pool.query<{ revision: bigint }>('select revision from balances where account_id = $1', [id])).rows[0]!
      .revision;
  const milliseconds: number[] = [];
  for (const id of ids) {
    const before = await revision(id);
    const sentMs = performance.now();
    await wakeBalance(client, id, refreshSignal);
    while ((await revision(id)) === before) await sleep(1);
    milliseconds.push(performance.now() - sentMs);
  }
  return milliseconds;
}
