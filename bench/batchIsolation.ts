/** Figure 15: gates and usage beside a full load of batches against the same without it. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MeasuredBallast } from './ballast';
import { putBatchModel, writeBatchFile } from './batchInput';
import { startBatchLoad, type BatchLoad } from './batchLoad';
import { load, type Target } from './load';
import { summarize, type Figure } from './results';
import { MODEL, prepareUsage } from './usage';

const CHECKS_PER_SECOND = 1_000;
const EVENTS_PER_SECOND = 200;
const CONNECTIONS = 32;
const LINES = 2_000;
const BYTES_PER_LINE = 4_000;
/** What the load has left behind, such as files that are erased, is over by then. */
const REST_MS = 3_000;

type P99 = { gate: number; usage: number };

export async function batchIsolation(ballast: MeasuredBallast, pairs: number, seconds: number): Promise<Figure[]> {
  await putBatchModel(ballast);
  const { serviceKey, accountIds, pool } = await prepareUsage(ballast, 10);
  const [batchAccount, ...others] = accountIds as [string, ...string[]];
  await pool.query(
    "insert into limit_raises (account_id, key, limit_value) values ($1, 'batch.requests_per_minute', 100000000)",
    [batchAccount],
  );
  await pool.end();
  const folder = mkdtempSync(join(tmpdir(), 'ballast-bench-batches-'));
  const path = join(folder, 'requests.jsonl');
  await writeBatchFile(path, LINES, BYTES_PER_LINE);
  const batches: BatchLoad = { url: ballast.url, serviceKey, accountId: batchAccount, path };

  const measure = async (): Promise<P99> => {
    const port = Number(new URL(ballast.url).port);
    const headers = { Authorization: `Bearer ${serviceKey}` };
    const gate: Target = { port, path: `/v1/accounts/${others[0]}/gate`, headers };
    const usage: Target = { port, path: '/v1/usage', headers, nextBody: () => eventOf(others[1]!) };
    const [gates, events] = await Promise.all([
      load(gate, { connections: CONNECTIONS, seconds, rate: CHECKS_PER_SECOND }),
      load(usage, { connections: CONNECTIONS, seconds, rate: EVENTS_PER_SECOND }),
    ]);
    return { gate: gates.p99, usage: events.p99 };
  };
  const withLoad = async (): Promise<P99> => {
    const running = await startBatchLoad(batches);
    const measured = await measure();
    await running.stop();
    await sleep(REST_MS);
    return measured;
  };

  await measure();
  const ratios: P99[] = [];
  for (let pair = 0; pair < pairs; pair++) {
    // Each first in every other pair: what disturbs the machine then hits both alike.
    const before = pair % 2 === 0 ? await measure() : null;
    const loaded = await withLoad();
    const alone = before ?? (await measure());
    ratios.push({ gate: loaded.gate / alone.gate, usage: loaded.usage / alone.usage });
  }
  rmSync(folder, { recursive: true });
  return [
    summarize(
      '15gate',
      ...nameOf('gate', CHECKS_PER_SECOND),
      ratios.map(({ gate }) => gate),
    ),
    summarize(
      '15usage',
      ...nameOf('usage, one event a request,', EVENTS_PER_SECOND),
      ratios.map(({ usage }) => usage),
    ),
  ];
}

const nameOf = (what: string, rate: number): [string, string] => [
  `${what} p99 at ${rate}/s while batches are uploaded, checked and executed ÷ without, interleaved pairs`,
  'ratio',
];

const eventOf = (accountId: string): string =>
  JSON.stringify({ events: [{ id: randomUUID(), accountId, model: MODEL, inputTokens: 1_200, outputTokens: 250 }] });
