/** Figures 1 to 5, 11: how near HTTP ingest comes to the bare database, and how far it is from what others do. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { checkThenDeduct, rawRate, selectForUpdate, transactionPerEvent } from './baselines';
import type { MeasuredBallast } from './ballast';
import { summarize, type Figure } from './results';
import { signalPerEventRate } from './signals';
import { makeBodies, post, prepareUsage } from './usage';

/** By events a request: as many connections as it takes to have the next commit ready when one is done. */
const CONNECTIONS: Readonly<Record<number, number>> = { 1: 64, 100: 128, 1_000: 16 };

/** Events a second, each in its own way, in one run. */
type Rates = Record<(typeof rates)[number][0] | 'singlesBare' | 'hot', number>;

export async function ingest(
  ballast: MeasuredBallast,
  { runs, events }: { runs: number; events: number },
): Promise<Figure[]> {
  const { serviceKey, accountIds, pool } = await prepareUsage(ballast, 1_000);
  const http = async (
    count: number,
    perRequest: number,
    accounts: readonly string[],
    url = ballast.url,
  ): Promise<number> => {
    const bodies = makeBodies(count, perRequest, accounts);
    return count / (await post(url, serviceKey, bodies, CONNECTIONS[perRequest]!));
  };
  await http(events / 4, 1_000, accountIds);

  const bare = await startWithoutDatabase(ballast);
  for (const url of [ballast.url, bare.url]) await http(2_000, 1, accountIds, url); // warm: code that has not run often is slow

  const measureOnce = async (): Promise<Rates> => ({
    hundred: await http(events / 2, 100, accountIds),
    thousand: await http(events, 1_000, accountIds),
    raw: await rawRate(pool, events, accountIds),
    transaction: await transactionPerEvent(pool, events / 50, accountIds),
    signal: await signalPerEventRate(ballast, pool, events / 100),
    singles: await http(events / 50, 1, accountIds),
    singlesBare: await http(events / 50, 1, accountIds, bare.url),
    hot: await http(events, 1_000, accountIds.slice(0, 1)),
    forUpdate: await selectForUpdate(pool, events / 50, accountIds),
    forUpdateHot: await selectForUpdate(pool, events / 100, accountIds.slice(0, 1)),
    checkThenDeduct: await checkThenDeduct(pool, events / 50, accountIds),
  });
  const measured: Rates[] = [];
  while (measured.length < runs) measured.push(await measureOnce());
  const history = await historyLength(ballast, accountIds[0]!);
  await bare.stop();
  await pool.end();

  return toFigures(measured, (history * 1_000_000) / (runs * events));
}

/** @param historyPerMillion events in the hottest account's history per million usage events */
function toFigures(measured: readonly Rates[], historyPerMillion: number): Figure[] {
  const slower = measured.map(({ hundred, thousand }) => Math.min(hundred, thousand));
  const toRaw = (perRequest: 'hundred' | 'thousand', name: string): Figure =>
    summarize(
      1,
      `HTTP ingest, ${name} events a request ÷ raw batched insert`,
      'ratio',
      measured.map((run) => run[perRequest] / run.raw),
    );
  const [worse] = [toRaw('hundred', '100'), toRaw('thousand', '1,000')].sort((a, b) => a.value - b.value);
  return [
    worse!,
    summarize(
      2,
      'HTTP ingest ÷ one Temporal signal per event',
      'ratio',
      measured.map(({ signal }, run) => slower[run]! / signal),
    ),
    summarize(
      3,
      'HTTP ingest ÷ one transaction per event',
      'ratio',
      measured.map(({ transaction }, run) => slower[run]! / transaction),
    ),
    summarize(
      4,
      'single-event POSTs ÷ the same handler without the database',
      'ratio',
      measured.map(({ singles, singlesBare }) => singles / singlesBare),
    ),
    summarize(
      5,
      'one account taking all traffic ÷ 1,000 accounts evenly',
      'ratio',
      measured.map(({ hot, thousand }) => hot / thousand),
    ),
    summarize(11, 'history events of the hottest account per million usage events, at full speed', 'events', [
      historyPerMillion,
    ]),
    ...rates.map(([key, figure, name]) =>
      summarize(
        figure,
        name,
        'events/s',
        measured.map((run) => run[key]),
      ),
    ),
  ];
}

/** What the ratios are made of, and what others do. */
const rates = [
  ['hundred', '1rate100', 'HTTP ingest, 100 events a request'],
  ['thousand', '1rate', 'HTTP ingest, 1,000 events a request'],
  ['singles', '4rate', 'HTTP ingest, one event a request'],
  ['raw', 'peerRaw', 'raw batched insert and balance update'],
  ['transaction', 'peerTransaction', "the ledger's statement, one transaction per event"],
  ['forUpdate', 'peerForUpdate', 'SELECT … FOR UPDATE: lock, look, write, in one transaction'],
  ['forUpdateHot', 'peerForUpdateHot', 'the same, all events for one account'],
  ['checkThenDeduct', 'peerCheckThenDeduct', 'check, then deduct: two statements, no ledger, no key'],
  ['signal', 'peerSignal', 'one Temporal signal per event, posted by the workflow'],
] as const;

/** 0 for a workflow that was never needed. */
async function historyLength({ admin }: MeasuredBallast, accountId: string): Promise<number> {
  const { status, body } = await admin.request<{ historyLength?: number }>(
    'GET',
    `/v1/accounts/${accountId}/workflow`,
    { accept: [200, 404] },
  );
  return status === 404 ? 0 : body.historyLength!;
}

/** The API in a process of its own whose posting statement is answered without Postgres. */
async function startWithoutDatabase({ databaseUrl }: MeasuredBallast): Promise<{ url: string; stop(): Promise<void> }> {
  const child: ChildProcess = fork(join(__dirname, 'withoutDatabase.js'), {
    env: { ...process.env, DATABASE_URL: databaseUrl },
  });
  const [url] = (await once(child, 'message')) as [string];
  return {
    url,
    async stop() {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}
