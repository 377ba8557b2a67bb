/** How the cost of ingest grows with the number of accounts that share it. */
import type { MeasuredBallast } from './ballast';
import { summarize, type Figure } from './results';
import { ingestSteadily, openSteadyAccounts, rateBetween } from './steadyAccounts';
import { prepareUsage } from './usage';

const ACCOUNTS = [1, 100, 1_000, 10_000, 100_000];

/** Events a second in requests of 1,000, with so many accounts taken in turn. */
export async function growthByAccounts(
  ballast: MeasuredBallast,
  { runs, events }: { runs: number; events: number },
): Promise<Figure[]> {
  const { serviceKey, pool } = await prepareUsage(ballast, 1);
  const target = { url: ballast.url, serviceKey };
  const opened = [];
  for (const count of ACCOUNTS) opened.push(await openSteadyAccounts(pool, count));
  await pool.query('vacuum analyze balances');
  await ingestSteadily(pool, target, opened[2]!, events / 2); // warms up
  const rates = opened.map(() => [] as number[]);
  for (let run = 0; run < runs; run++) {
    for (const [place, accounts] of opened.entries()) {
      const progress = await ingestSteadily(pool, target, accounts, events);
      rates[place]!.push(rateBetween(progress, progress[0]!.atMs, progress.at(-1)!.atMs));
    }
  }
  await pool.end();
  return ACCOUNTS.map((count, place) =>
    summarize(
      `accounts${count}`,
      `HTTP ingest over ${count.toLocaleString('en')} accounts evenly, 1,000 events a request`,
      'events/s',
      rates[place]!,
    ),
  );
}
