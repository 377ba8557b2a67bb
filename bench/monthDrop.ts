/** Figure 18: how long it takes to drop a month of usage that is archived, and what ingest notices of it. */
import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { dropUsageMonth } from '../ledger/usage/dropUsageMonth';
import type { MeasuredBallast } from './ballast';
import { insertEvents } from './oldUsage';
import { quantile, summarize, type Figure } from './results';
import { makeBodies, postOne, prepareUsage } from './usage';

export type MonthDropOptions = { events: number; runs: number; seconds: number };

const SENDERS = 4;
const EVENTS_PER_REQUEST = 100;
const BODIES = 2_000;
/** Below what ingest bears, so that waiting shows and a full queue does not. */
const PAUSE_MS = 20;

/** Pairs of windows: ingest by itself, and ingest in whose middle a month is dropped. Each run has a month of its own. */
export async function monthDrop(
  ballast: MeasuredBallast,
  { events, runs, seconds }: MonthDropOptions,
): Promise<Figure[]> {
  const { serviceKey, accountIds, pool } = await prepareUsage(ballast, 100);
  const months = Array.from({ length: runs }, (_, run) => `2020-${String(run + 1).padStart(2, '0')}`);
  for (const month of months) {
    await insertEvents(pool, accountIds[0]!, month, events);
    await pool.query(
      `insert into usage_archives (month, file, sha256, bytes, events, cost_nano, first_posting, last_posting)
       values ($1, 'bench', 'bench', 0, $2, 0, 0, -1)`,
      [month, events],
    );
  }
  while ((await pool.query('select from usage_unsummed limit 1')).rowCount) await sleep(500);
  await pool.query('checkpoint');

  const bodies = makeBodies(BODIES * EVENTS_PER_REQUEST * (runs + 1), EVENTS_PER_REQUEST, accountIds);
  let next = 0;
  const p99OfIngest = async (): Promise<number> => {
    const agent = new Agent({ keepAlive: true, maxSockets: SENDERS });
    const untilMs = performance.now() + seconds * 1_000;
    const taken: number[] = [];
    const sender = async (): Promise<void> => {
      while (performance.now() < untilMs) {
        const startedMs = performance.now();
        await postOne(agent, `${ballast.url}/v1/usage`, serviceKey, bodies[next++ % bodies.length]!);
        taken.push(performance.now() - startedMs);
        await sleep(PAUSE_MS);
      }
    };
    await Promise.all(Array.from({ length: SENDERS }, sender));
    agent.destroy();
    return quantile(
      taken.sort((a, b) => a - b),
      0.99,
    );
  };
  const drop = async (month: string): Promise<number> => {
    const startedMs = performance.now();
    // It gives up when the tables are busy for 0.2 s, as the archive's drop does, and is asked again.
    for (;;) {
      try {
        await dropUsageMonth(pool, month);
        return (performance.now() - startedMs) / 1_000;
      } catch (error) {
        if ((error as { code?: string }).code !== '55P03') throw error;
      }
    }
  };

  await p99OfIngest(); // warms up
  const ratios: number[] = [];
  const times: number[] = [];
  for (const month of months) {
    const without = await p99OfIngest();
    const [meanwhile, time] = await Promise.all([p99OfIngest(), sleep((seconds * 1_000) / 2).then(() => drop(month))]);
    ratios.push(meanwhile / without);
    times.push(time);
  }
  await pool.end();
  const rows = events.toLocaleString('en');
  return [
    summarize(18, `dropping a month of ${rows} events: ingest p99 meanwhile ÷ without`, 'ratio', ratios),
    summarize('18time', `dropping a month of ${rows} events`, 's', times),
  ];
}
