/** Figures 1 to 5, 11: how near HTTP ingest comes to the bare database, and how far it is from what others do. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { checkThenIncrement, rawRate, selectForUpdate, transactionPerEvent } from './baselines';
import type { MeasuredBallast } from './ballast';
import { summarize, type Figure } from './results';
import { signalPerEventRate } from './signals';
import { makeBodies, post, prepareUsage } from './usage';

/** By events a request: as many connections as it takes to have the next commit ready when one is done. */
const CONNECTIONS: Readonly<Record<number, number>> = { 1: 64, 100: 128, 1_000: 16 };

export async function ingest(ballast: MeasuredBallast, { runs, events }: { runs: number; events: number }): Promise<Figure[]> {
  const { serviceKey, accountIds, pool } = await prepareUsage(ballast, 1_000);
  const http = async (count: number, perRequest: number, accounts: readonly string[], url = ballast.url): Promise<number> => {
    const bodies = makeBodies(count, perRequest, accounts);
    return count / (await post(url, serviceKey, bodies, CONNECTIONS[perRequest]!));
  };
  await http(events / 4, 1_000, accountIds);

  const names = ['raw100', 'raw1000', 'row', 'signal', 'bare', 'hot', 'rate', 'perRow', 'perSignal', 'forUpdate', 'forUpdateHot', 'increment'] as const;
  const ratios = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<(typeof names)[number], number[]>;
  const bare = await startWithoutDatabase(ballast);
  for (const url of [ballast.url, bare.url]) await http(2_000, 1, accountIds, url); // warm: code that has not run often is slow
  for (let run = 0; run < runs; run++) {
    const [hundred, thousand] = [await http(events / 2, 100, accountIds), await http(events, 1_000, accountIds)];
    const raw = await rawRate(pool, events, accountIds);
    const perRow = await transactionPerEvent(pool, 2_000, accountIds);
    const perSignal = await signalPerEventRate(ballast, pool, 1_000);
    const singles = await http(events / 50, 1, accountIds);
    const singlesBare = await http(events / 50, 1, accountIds, bare.url);
    const hot = await http(events, 1_000, accountIds.slice(0, 1));
    ratios.raw100.push(hundred / raw);
    ratios.raw1000.push(thousand / raw);
    ratios.signal.push(Math.min(hundred, thousand) / perSignal);
    ratios.row.push(Math.min(hundred, thousand) / perRow);
    ratios.bare.push(singles / singlesBare);
    ratios.hot.push(hot / thousand);
    ratios.rate.push(thousand);
    ratios.perRow.push(perRow);
    ratios.perSignal.push(perSignal);
    ratios.forUpdate.push(await selectForUpdate(pool, 2_000, accountIds));
    ratios.forUpdateHot.push(await selectForUpdate(pool, 1_000, accountIds.slice(0, 1)));
    ratios.increment.push(await checkThenIncrement(pool, 2_000, accountIds));
  }
  const history = await historyLength(ballast, accountIds[0]!);
  await bare.stop();
  await pool.end();
  const raw = [summarize(1, 'HTTP ingest, 100 events a request ÷ raw batched insert', 'ratio', ratios.raw100), summarize(1, 'HTTP ingest, 1,000 events a request ÷ raw batched insert', 'ratio', ratios.raw1000)];
  return [
    raw.sort((a, b) => a.value - b.value)[0]!,
    summarize(2, 'HTTP ingest ÷ one Temporal signal per event', 'ratio', ratios.signal),
    summarize(3, 'HTTP ingest ÷ one transaction per event', 'ratio', ratios.row),
    summarize(4, 'single-event POSTs ÷ the same handler without the database', 'ratio', ratios.bare),
    summarize(5, 'one account taking all traffic ÷ 1,000 accounts evenly', 'ratio', ratios.hot),
    summarize(11, 'history events of the hottest account per million usage events, at full speed', 'events', [(history * 1_000_000) / (runs * events)]),
    summarize('1 rate', 'HTTP ingest, 1,000 events a request', 'events/s', ratios.rate),
    summarize('peer: transaction per event', 'the ledger\'s statement, one transaction per event', 'events/s', ratios.perRow),
    summarize('peer: SELECT … FOR UPDATE', 'lock, look, write, in one transaction', 'events/s', ratios.forUpdate),
    summarize('peer: SELECT … FOR UPDATE, hot', 'the same, all events for one account', 'events/s', ratios.forUpdateHot),
    summarize('peer: check, then increment', 'two statements, no ledger, no key', 'events/s', ratios.increment),
    summarize('peer: signal per event', 'one Temporal signal per event, posted by the workflow', 'events/s', ratios.perSignal),
  ];
}

/** 0 for a workflow that was never needed. */
async function historyLength({ admin }: MeasuredBallast, accountId: string): Promise<number> {
  const { status, body } = await admin.request<{ historyLength?: number }>('GET', `/v1/accounts/${accountId}/workflow`, { accept: [200, 404] });
  return status === 404 ? 0 : body.historyLength!;
}

/** The API in a process of its own whose posting statement is answered without Postgres. */
async function startWithoutDatabase({ databaseUrl }: MeasuredBallast): Promise<{ url: string; stop(): Promise<void> }> {
  const child: ChildProcess = fork(join(__dirname, 'withoutDatabase.js'), { env: { ...process.env, DATABASE_URL: databaseUrl } });
  const [url] = (await once(child, 'message')) as [string];
  return {
    url,
    async stop() {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}
