/** Figure 21, the server's part: how soon who follows an account is told of a commit, and what followers cost gates and usage. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { startApi } from './apiProcess';
import { ADMIN_KEY, type MeasuredBallast } from './ballast';
import { follow, startFollowers, tellsAccount } from './followers';
import { load, type Target } from './load';
import { quantile, summarize, type Figure } from './results';
import { MODEL, prepareUsage } from './usage';

const STREAMS = 200;
const COMMITS_PER_RUN = 100;
/** Commits come at any time between two looks of the API. */
const PAUSE_MS_MAX = 250;
const CHECKS_PER_SECOND = 1_000;
/** Of the followed accounts in turn: each changes once a second, with and without followers. */
const EVENTS_PER_SECOND = 200;
const CONNECTIONS = 16;
/**
 * Under the same load before each window. To open or close 200 streams at once makes the API collect garbage about a second
 * later, and answers are slow for 30 to 80 ms, once: this measures streams that are open, without that.
 */
const SETTLE_SECONDS = 2;
/** Longer than any body: ids of accounts differ in length. */
const BODY_BYTES = 256;

export async function accountStreams(
  ballast: MeasuredBallast,
  { runs, windows, seconds }: { runs: number; windows: number; seconds: number },
): Promise<Figure[]> {
  const { serviceKey, accountIds, pool } = await prepareUsage(ballast, STREAMS);
  const api = await startApi(ballast.databaseUrl, ADMIN_KEY);
  const target = { port: api.port, headers: { Authorization: `Bearer ${serviceKey}` } };
  let next = 0;
  const eventBody = (): string => {
    const accountId = accountIds[(next += 1) % accountIds.length];
    const event = { id: randomUUID(), accountId, model: MODEL, inputTokens: 1_200, outputTokens: 250 };
    return JSON.stringify({ events: [event] }).padEnd(BODY_BYTES);
  };
  const gate: Target = { ...target, path: `/v1/accounts/${accountIds[0]}/gate` };
  const usage: Target = { ...target, path: '/v1/usage', nextBody: eventBody };
  const measure = async (): Promise<Window> => {
    const [usedBefore, startedMs] = [processorSeconds(api.pid), performance.now()];
    const [gates, events] = await Promise.all([
      load(gate, { connections: CONNECTIONS, seconds, rate: CHECKS_PER_SECOND, warmUpSeconds: SETTLE_SECONDS }),
      load(usage, { connections: CONNECTIONS, seconds, rate: EVENTS_PER_SECOND, warmUpSeconds: SETTLE_SECONDS }),
    ]);
    const processor = ((processorSeconds(api.pid) - usedBefore) * 1_000) / (performance.now() - startedMs);
    return { gate: gates.latencies, usage: events.latencies, processor };
  };
  const measureFollowed = async (): Promise<Window> => {
    const followers = await startFollowers({ port: api.port, key: ADMIN_KEY, accountIds });
    const measured = await measure();
    await followers.stop();
    return measured;
  };

  await measure();
  const told: number[] = [];
  const [costs, noise]: [Cost[], Cost[]] = [[], []];
  for (let run = 0; run < runs; run++) {
    told.push(await toldP99(pool, api.port, accountIds[0]!));
    const [before, followed, after]: [Window[], Window[], Window[]] = [[], [], []];
    for (let window = 0; window < windows; window++) {
      before.push(await measure());
      followed.push(await measureFollowed());
      after.push(await measure());
    }
    costs.push(costOf(followed, [...before, ...after]));
    // The same by windows that are alike: how far the machine alone moves the figure.
    noise.push(costOf(after, before));
  }
  await api.stop();
  await pool.end();
  return toFigures(told, costs, noise);
}

/** Each commit is made on a connection of ours, of which the API hears nothing but what it reads. */
async function toldP99(pool: Pool, port: number, accountId: string): Promise<number> {
  let heard = (): void => {};
  const stream = follow(port, ADMIN_KEY, accountId, (text) => tellsAccount(text) && heard());
  const told = (): Promise<void> => new Promise((resolve) => (heard = resolve));
  await told();
  const milliseconds: number[] = [];
  for (let commit = 0; commit < COMMITS_PER_RUN; commit++) {
    await sleep(Math.random() * PAUSE_MS_MAX);
    const telling = told();
    await move(pool, accountId);
    const committedMs = performance.now();
    await telling;
    milliseconds.push(performance.now() - committedMs);
  }
  stream.destroy();
  return quantile(ascending(milliseconds), 0.99);
}

/** Latencies in milliseconds; the API's processor in seconds per second. */
type Window = { gate: readonly number[]; usage: readonly number[]; processor: number };
type Cost = { gate: number; usage: number; processor: number };

/** Of the windows of a kind together: the p99 of one has too few answers above it to be compared. */
function costOf(followed: readonly Window[], without: readonly Window[]): Cost {
  const p99 = (windows: readonly Window[], of: 'gate' | 'usage'): number =>
    quantile(ascending(windows.flatMap((window) => window[of])), 0.99);
  const processor = (windows: readonly Window[]): number =>
    windows.reduce((sum, window) => sum + window.processor, 0) / windows.length;
  return {
    gate: p99(followed, 'gate') / p99(without, 'gate'),
    usage: p99(followed, 'usage') / p99(without, 'usage'),
    processor: processor(followed) - processor(without),
  };
}

function toFigures(told: readonly number[], costs: readonly Cost[], noise: readonly Cost[]): Figure[] {
  const beside = `p99 at ${CHECKS_PER_SECOND} gates/s and ${EVENTS_PER_SECOND} events/s with ${STREAMS} streams of accounts that move ÷ without`;
  return [
    summarize(
      '21stream',
      `commit of another process → told on the account's stream, p99 of ${COMMITS_PER_RUN}`,
      'ms',
      told,
    ),
    summarize(
      '21gate',
      `gate ${beside}`,
      'ratio',
      costs.map(({ gate }) => gate),
    ),
    summarize(
      '21usage',
      `usage ${beside}`,
      'ratio',
      costs.map(({ usage }) => usage),
    ),
    summarize(
      '21gateNoise',
      'gate: the same ratio of windows without streams, after ÷ before',
      'ratio',
      noise.map(({ gate }) => gate),
    ),
    summarize(
      '21usageNoise',
      'usage: the same ratio of windows without streams, after ÷ before',
      'ratio',
      noise.map(({ usage }) => usage),
    ),
    summarize(
      '21processor',
      `what ${STREAMS} such streams take of the API's processor`,
      'seconds per second',
      costs.map(({ processor }) => processor),
    ),
  ];
}

const ascending = (values: number[]): number[] => values.sort((a, b) => a - b);

/** In which a process has had a processor, all its threads together; the kernel counts in hundredths. */
function processorSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** By a cent and back: the gate stays as it is. */
let direction = 1n;
const move = (pool: Pool, id: string): Promise<unknown> =>
  pool.query(`select post_line($1, 'adjustment', 'adjustments', $2, $3, 'bench', 'bench')`, [
    id,
    (direction = -direction) * 10_000_000n,
    `bench/${randomUUID()}`,
  ]);
