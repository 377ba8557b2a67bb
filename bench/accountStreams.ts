/** Figure 21, the server's part: how soon who follows an account is told of a commit, and what followers cost the gate. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { get, type ClientRequest } from 'node:http';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { startApi } from './apiProcess';
import { ADMIN_KEY, type MeasuredBallast } from './ballast';
import { load, type Target } from './load';
import { quantile, summarize, type Figure } from './results';
import { prepareUsage } from './usage';

const STREAMS = 200;
const COMMITS_PER_RUN = 100;
/** Commits come at any time between two looks of the API. */
const PAUSE_MS_MAX = 250;
const CHECKS_PER_SECOND = 1_000;
/** So many of the followed accounts change in a second, with and without followers. */
const CHANGES_PER_SECOND = 50;

export async function accountStreams(ballast: MeasuredBallast, runs: number, seconds = 5): Promise<Figure[]> {
  const { serviceKey, accountIds, pool } = await prepareUsage(ballast, STREAMS);
  const api = await startApi(ballast.databaseUrl, ADMIN_KEY);
  const gate = {
    port: api.port,
    path: `/v1/accounts/${accountIds[0]}/gate`,
    headers: { Authorization: `Bearer ${serviceKey}` },
  };
  const [told, ratios, shares]: [number[], number[], number[]] = [[], [], []];
  await load(gate, { connections: 16, seconds, rate: CHECKS_PER_SECOND });
  for (let run = 0; run < runs; run++) {
    told.push(await toldP99(pool, api.port, accountIds[0]!));
    const cost = await costOfStreams(pool, gate, api.pid, accountIds, seconds);
    ratios.push(cost.p99);
    shares.push(cost.processor);
  }
  await api.stop();
  await pool.end();
  return [
    summarize(
      '21stream',
      `commit of another process → told on the account's stream, p99 of ${COMMITS_PER_RUN}`,
      'ms',
      told,
    ),
    summarize(
      '21gate',
      `gate p99 at ${CHECKS_PER_SECOND}/s with ${STREAMS} streams of accounts that move ÷ without`,
      'ratio',
      ratios,
    ),
    summarize('21processor', `what ${STREAMS} such streams take of the API's processor`, 'seconds per second', shares),
  ];
}

/** Each commit is made on a connection of ours, of which the API hears nothing but what it reads. */
async function toldP99(pool: Pool, port: number, accountId: string): Promise<number> {
  let heard = (): void => {};
  const stream = follow(port, accountId, (text) => text.includes('event: account') && heard());
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
  return quantile(
    milliseconds.sort((a, b) => a - b),
    0.99,
  );
}

/** The same load twice in a row, so that what else the machine does falls on both. */
async function costOfStreams(
  pool: Pool,
  gate: Target,
  pid: number,
  accountIds: readonly string[],
  seconds: number,
): Promise<{ p99: number; processor: number }> {
  let next = 0;
  const moving = setInterval(
    () => void move(pool, accountIds[(next += 1) % accountIds.length]!).catch(() => {}),
    1_000 / CHANGES_PER_SECOND,
  );
  const measure = async () => {
    const [usedBefore, startedMs] = [processorSeconds(pid), performance.now()];
    const { p99 } = await load(gate, { connections: 16, seconds, rate: CHECKS_PER_SECOND });
    return { p99, processor: ((processorSeconds(pid) - usedBefore) * 1_000) / (performance.now() - startedMs) };
  };
  const without = await measure();
  const streams = accountIds.map((id) => follow(gate.port, id, () => undefined));
  await sleep(1_000);
  const withStreams = await measure();
  streams.forEach((stream) => stream.destroy());
  clearInterval(moving);
  await sleep(500);
  return { p99: withStreams.p99 / without.p99, processor: withStreams.processor - without.processor };
}

/** In which a process has had a processor, all its threads together; the kernel counts in hundredths. */
function processorSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function follow(port: number, accountId: string, onText: (text: string) => void): ClientRequest {
  const request = get(
    {
      host: '127.0.0.1',
      port,
      path: `/v1/accounts/${accountId}/stream`,
      agent: false,
      headers: { authorization: `Bearer ${ADMIN_KEY}` },
    },
    (response) =>
      response
        .setEncoding('utf8')
        .on('data', onText)
        .on('error', () => undefined),
  );
  return request.on('error', () => undefined);
}

/** By a cent and back: the gate stays as it is. */
let direction = 1n;
const move = (pool: Pool, id: string): Promise<unknown> =>
  pool.query(`select post_line($1, 'adjustment', 'adjustments', $2, $3, 'bench', 'bench')`, [
    id,
    (direction = -direction) * 10_000_000n,
    `bench/${randomUUID()}`,
  ]);
