/** Figures 1 to 5, 11: how near HTTP ingest comes to the bare database, and how far it is from what others do. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { postUsage, type PricedEvent } from '../ledger/postUsage';
import type { MeasuredBallast } from './ballast';
import { summarize, type Figure } from './results';
import { signalPerEventRate } from './signals';
import { chunk, makeBodies, makePricedEvents, post, prepareUsage } from './usage';

const CONNECTIONS = 8;

export async function ingest(ballast: MeasuredBallast, { runs, events }: { runs: number; events: number }): Promise<Figure[]> {
  const { serviceKey, accountIds, pool } = await prepareUsage(ballast, 1_000);
  const http = async (count: number, perRequest: number, accounts: readonly string[], url = ballast.url): Promise<number> => {
    const bodies = makeBodies(count, perRequest, accounts);
    return count / (await post(url, serviceKey, bodies, perRequest === 1 ? 64 : CONNECTIONS));
  };
  await http(events / 4, 1_000, accountIds);

  const ratios = { raw100: [] as number[], raw1000: [] as number[], row: [] as number[], signal: [] as number[], bare: [] as number[], hot: [] as number[], rate: [] as number[] };
  const bare = await startWithoutDatabase(ballast);
  for (const url of [ballast.url, bare.url]) await http(2_000, 1, accountIds, url); // warm: code that has not run often is slow
  for (let run = 0; run < runs; run++) {
    const [hundred, thousand] = [await http(events / 2, 100, accountIds), await http(events, 1_000, accountIds)];
    const raw = await bestOf([1_000, 5_000].flatMap((size) => [1, 2].map((at) => () => rawRate(pool, events, size, at, accountIds))));
    const perRow = await bestOf([8, 32].map((at) => () => transactionPerEvent(pool, 2_000, at, accountIds)));
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
  ];
}

/** 0 for a workflow that was never needed. */
async function historyLength({ admin }: MeasuredBallast, accountId: string): Promise<number> {
  const { status, body } = await admin.request<{ historyLength?: number }>('GET', `/v1/accounts/${accountId}/workflow`, { accept: [200, 404] });
  return status === 404 ? 0 : body.historyLength!;
}

/** A baseline at its best: the highest of its settings counts. */
async function bestOf(settings: (() => Promise<number>)[]): Promise<number> {
  let best = 0;
  for (const rate of settings) best = Math.max(best, await rate());
  return best;
}

const RAW = `
  with e as (select * from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::timestamptz[], $7::bigint[])
    as e(account_id, event_id, model, input, output, at, cost)),
  taken as (insert into usage_events (account_id, event_id, sequence, posting, model, input_tokens, cached_input_tokens, output_tokens, images, at, cost_nano)
    select account_id, event_id, 0, 0, model, input, 0, output, 0, at, cost from e on conflict do nothing returning account_id, cost_nano)
  update balances b set balance_nano = balance_nano - s.cost from (select account_id, sum(cost_nano)::bigint as cost from taken group by 1) s
  where b.account_id = s.account_id`;

/**
 * The same rows by one INSERT … unnest … ON CONFLICT with its balance update, nothing checked, priced or written to a
 * ledger. Each connection has accounts of its own, so that none waits for, or deadlocks with, another.
 */
async function rawRate(pool: Pool, events: number, perBatch: number, connections: number, accountIds: readonly string[]): Promise<number> {
  const shares = Array.from({ length: connections }, (_, share) =>
    chunk(makePricedEvents(events / connections, accountIds.filter((_id, i) => i % connections === share)), perBatch));
  return clock(events, shares.map((batches) => async () => {
    for (const batch of batches) await insertRaw(pool, batch);
  }));
}

const insertRaw = (pool: Pool, batch: readonly PricedEvent[]): Promise<unknown> =>
  pool.query({
    name: 'raw', text: RAW,
    values: [
      batch.map((e) => e.accountId), batch.map((e) => e.id), batch.map((e) => e.model), batch.map((e) => e.inputTokens),
      batch.map((e) => e.outputTokens), batch.map((e) => new Date(e.atMs).toISOString()), batch.map((e) => e.cost.toString()),
    ],
  });

/** One transaction per event, by the ledger's own statement. */
function transactionPerEvent(pool: Pool, events: number, connections: number, accountIds: readonly string[]): Promise<number> {
  const queue = makePricedEvents(events, accountIds);
  const sender = async (): Promise<void> => {
    for (let event = queue.pop(); event; event = queue.pop()) await postUsage(pool, [event]);
  };
  return clock(events, Array.from({ length: connections }, () => sender));
}

async function clock(events: number, work: readonly (() => Promise<void>)[]): Promise<number> {
  const started = performance.now();
  await Promise.all(work.map((act) => act()));
  return events / ((performance.now() - started) / 1_000);
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
