/** Figure 6: whether the rate of ingest and the API's memory stay what they are while millions of rows come in. */
import { Presets, SingleBar } from 'cli-progress';
import { memoryOf } from './apiProcess';
import type { MeasuredBallast } from './ballast';
import { summarize, type Figure } from './results';
import { ingestSteadily, openSteadyAccounts, rateBetween, type Progress } from './steadyAccounts';
import { prepareUsage } from './usage';

export type SustainedOptions = {
  events: number;
  /** The first and the last so many seconds are compared; of a run shorter than four times that, its quarters. */
  windowSecondsMax: number;
};

const ACCOUNTS = 1_000;
/** What runs before the clock starts: code that has not run often is slow, and would make the last minute look good. */
const WARM_UP_EVENTS = 100_000;
const SAMPLE_MS = 500;

/** Events go to 1,000 accounts evenly, in requests of 1,000, under ids without order. */
export async function sustained(
  ballast: MeasuredBallast,
  { events, windowSecondsMax }: SustainedOptions,
): Promise<Figure[]> {
  const { serviceKey, pool } = await prepareUsage(ballast, 1);
  const target = { url: ballast.url, serviceKey };
  const accounts = await openSteadyAccounts(pool, ACCOUNTS);
  await ingestSteadily(pool, target, accounts, Math.min(WARM_UP_EVENTS, events / 4));

  const bar = new SingleBar(
    {
      format: '  {bar} {percentage}% | {value}/{total} | {duration_formatted} | API {memory} MB',
      noTTYOutput: true,
      notTTYSchedule: 30_000,
    },
    Presets.shades_classic,
  );
  const megabytes: number[] = [];
  const sample = setInterval(() => megabytes.push(memoryOf(ballast.pidOf('api'))), SAMPLE_MS);
  bar.start(events, 0, { memory: '…' });
  const progress = await ingestSteadily(pool, target, accounts, events, (taken) => {
    if (taken === events) clearInterval(sample);
    bar.update(taken, { memory: megabytes.at(-1)?.toFixed(0) ?? '…' });
  })
    .finally(() => clearInterval(sample))
    .finally(() => bar.stop());
  await pool.end();

  showTenths(progress, megabytes);
  const [startMs, endMs] = [progress[0]!.atMs, progress.at(-1)!.atMs];
  const windowMs = Math.min(windowSecondsMax * 1_000, (endMs - startMs) / 4);
  const first = rateBetween(progress, startMs, startMs + windowMs);
  const last = rateBetween(progress, endMs - windowMs, endMs);
  const quarter = Math.ceil(megabytes.length / 4);
  const [firstQuarter, lastQuarter] = [mean(megabytes.slice(0, quarter)), mean(megabytes.slice(-quarter))];
  const rows = `${(events / 1e6).toLocaleString('en')} million rows in`;
  return [
    summarize(6, `${rows}: rate of the last ${(windowMs / 1_000).toFixed(0)} s ÷ of the first`, 'ratio', [
      last / first,
    ]),
    summarize('6rate', `${rows}: events a second over the whole run`, 'events/s', [
      rateBetween(progress, startMs, endMs),
    ]),
    summarize('6memory', `${rows}: the API's resident memory at its highest`, 'MB', [Math.max(...megabytes)]),
    summarize('6growth', `${rows}: the API's mean memory in the last quarter ÷ in the first`, 'ratio', [
      lastQuarter / firstQuarter,
    ]),
  ];
}

/** How the cost grows with the rows that are there: a line per tenth of the events. */
function showTenths(progress: readonly Progress[], megabytes: readonly number[]): void {
  const total = progress.at(-1)!.taken;
  const atMs = (share: number): number => progress.find(({ taken }) => taken >= total * share)!.atMs;
  const [startMs, endMs] = [progress[0]!.atMs, progress.at(-1)!.atMs];
  for (let tenth = 1; tenth <= 10; tenth++) {
    const [from, to] = [atMs((tenth - 1) / 10), atMs(tenth / 10)];
    const memory =
      megabytes[Math.min(megabytes.length - 1, Math.floor(((to - startMs) / (endMs - startMs)) * megabytes.length))] ??
      NaN;
    console.log(
      `  until ${((total * tenth) / 10).toLocaleString('en')} rows: ${rateBetween(progress, from, to).toFixed(0)} events/s, API ${memory.toFixed(0)} MB`,
    );
  }
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
