/** Figure 17: whether reading a month of usage costs the same for an account with a thousand times as many events. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { MeasuredBallast } from './ballast';
import { insertEvents } from './oldUsage';
import { quantile, summarize, type Figure } from './results';
import { prepareUsage } from './usage';

export type UsageReadingOptions = { many: number; few: number; runs: number; readings: number };

const DAY_MS = 86_400_000;

/** `GET …/usage?groupBy=day,model` over 30 days, by turns of the one account and the other; p50 of each run. */
export async function usageReading(
  ballast: MeasuredBallast,
  { many, few, runs, readings }: UsageReadingOptions,
): Promise<Figure[]> {
  const { accountIds, pool } = await prepareUsage(ballast, 2);
  const [large, small] = accountIds as [string, string];
  const month = new Date().toISOString().slice(0, 7);
  await insertEvents(pool, large, month, many);
  await insertEvents(pool, small, month, few);
  while ((await pool.query('select from usage_unsummed limit 1')).rowCount) await sleep(500);
  await pool.query('vacuum analyze usage_days');
  await pool.end();

  const api = ballast.admin;
  const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
  const query = `groupBy=day,model&from=${day(Date.now() - 29 * DAY_MS)}&to=${day(Date.now())}`;
  const read = async (account: string): Promise<number> => {
    const startedMs = performance.now();
    await api.get(`/v1/accounts/${account}/usage?${query}`);
    return performance.now() - startedMs;
  };
  const p50 = (values: number[]): number =>
    quantile(
      values.sort((a, b) => a - b),
      0.5,
    );
  const ratios: number[] = [];
  const times: number[] = [];
  for (let run = 0; run <= runs; run++) {
    const taken: [number[], number[]] = [[], []];
    for (let i = 0; i < readings; i++) {
      taken[0].push(await read(large));
      taken[1].push(await read(small));
    }
    if (run === 0) continue; // warms up
    ratios.push(p50(taken[0]) / p50(taken[1]));
    times.push(p50(taken[0]));
  }
  const count = (events: number): string => events.toLocaleString('en');
  return [
    summarize(17, `30 days of usage by day and model: ${count(many)} events ÷ ${count(few)}, p50`, 'ratio', ratios),
    summarize('17p50', `30 days of usage by day and model of ${count(many)} events, p50`, 'ms', times),
  ];
}
