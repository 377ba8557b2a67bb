/** `npm run bench [-- --quick] [-- --only ingest,gate]`: measures, shows and keeps the figures of docs/performance.md. */
import { parseArgs } from 'node:util';
import { accountStreams } from './accountStreams';
import { crossingToCredited } from './crossingToCredited';
import { batchIsolation } from './batchIsolation';
import { batchUpload } from './batchUpload';
import { breakdown } from './breakdown';
import { startBallast, type MeasuredBallast } from './ballast';
import { gateOverExpress, gateOverNodeHttp, gateUnderIngest } from './gate';
import { consolePages } from './consolePages';
import { commitToNo } from './gateFollows';
import { growthByAccounts } from './growth';
import { idleAccounts } from './idleAccounts';
import { ingest } from './ingest';
import { manyAccounts } from './manyAccounts';
import { quietHistory } from './quietHistory';
import { replicaMemory, replicaRate } from './replica';
import { keep, show, type Figure } from './results';
import { singlesOverNodeHttp } from './singles';
import { monthDrop } from './monthDrop';
import { sustained } from './sustained';
import { usageReading } from './usageReading';

type Measurement = (ballast: MeasuredBallast, quick: boolean) => Promise<Figure[]>;

/** In this order; those that fill the database with accounts come last. */
const MEASUREMENTS: Record<string, Measurement> = {
  crossing: (ballast, quick) => crossingToCredited(ballast, quick ? 5 : 20),
  gate: async (ballast, quick) => {
    const runs = quick ? 1 : 5;
    return [...(await gateOverExpress(ballast, runs)), ...(await gateOverNodeHttp(ballast, runs))];
  },
  follows: (ballast, quick) => commitToNo(ballast, quick ? 10 : 100),
  console: (ballast, quick) => consolePages(ballast, quick ? 1 : 5),
  'account-streams': (ballast, quick) =>
    accountStreams(ballast, quick ? { runs: 1, windows: 2, seconds: 2 } : { runs: 3, windows: 2, seconds: 8 }),
  replica: async (_ballast, quick) => [...(await replicaRate(quick ? 2 : 5)), ...(await replicaMemory(quick ? 1 : 3))],
  ingest: (ballast, quick) => ingest(ballast, quick ? { runs: 1, events: 20_000 } : { runs: 5, events: 100_000 }),
  singles: (ballast, quick) => singlesOverNodeHttp(ballast, quick ? 1 : 5),
  'gate-under-ingest': (ballast, quick) => gateUnderIngest(ballast, quick ? 1 : 3),
  'batch-isolation': (ballast, quick) => batchIsolation(ballast, quick ? 1 : 9, quick ? 2 : 8),
  'batch-upload': (ballast, quick) => batchUpload(ballast, quick ? 1 : 5, quick ? 5_000 : 50_000),
  history: (ballast, quick) => quietHistory(ballast, quick ? 10 : 180),
  idle: (ballast, quick) => idleAccounts(ballast, quick ? 400 : 10_000),
  accounts: (ballast, quick) => manyAccounts(ballast, quick ? 1 : 3),
};

/** Those that explain a figure, or take many minutes or much disk: they run where they are named. */
const NAMED_ONLY: Record<string, Measurement> = {
  breakdown: (ballast, quick) => breakdown(ballast, { events: quick ? 20_000 : 400_000 }),
  growth: (ballast, quick) =>
    growthByAccounts(ballast, quick ? { runs: 1, events: 20_000 } : { runs: 3, events: 300_000 }),
  'usage-reading': (ballast, quick) =>
    usageReading(
      ballast,
      quick
        ? { many: 1_000_000, few: 10_000, runs: 2, readings: 50 }
        : { many: 10_000_000, few: 10_000, runs: 5, readings: 200 },
    ),
  'month-drop': (ballast, quick) =>
    monthDrop(
      ballast,
      quick ? { events: 1_000_000, runs: 1, seconds: 4 } : { events: 10_000_000, runs: 3, seconds: 10 },
    ),
  sustained: (ballast, quick) =>
    sustained(ballast, quick ? { events: 300_000, windowSecondsMax: 5 } : { events: 20_000_000, windowSecondsMax: 60 }),
};

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false }, only: { type: 'string' } } });
  const names = values.only?.split(',') ?? Object.keys(MEASUREMENTS);
  const all = { ...MEASUREMENTS, ...NAMED_ONLY };
  const unknown = names.find((name) => !Object.hasOwn(all, name));
  if (unknown !== undefined)
    throw new Error(`There is no measurement ${unknown}; there are: ${Object.keys(all).join(', ')}.`);
  const starting = startBallast();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stopEarly(starting));
  const ballast = await starting;
  try {
    for (const name of names) {
      console.log(`measuring ${name} …`);
      const startedMs = performance.now();
      const figures = await all[name]!(ballast, values.quick);
      figures.forEach(show);
      if (!values.quick) keep(figures);
      console.log(`${name}: done (${((performance.now() - startedMs) / 1_000).toFixed(0)} s)`);
    }
  } finally {
    console.log('stopping …');
    await ballast.stop();
  }
}

/** What was started must not outlive us, nor its data: gigabytes, after some of the measurements. Figures written so far are kept. */
async function stopEarly(starting: Promise<MeasuredBallast>): Promise<void> {
  await starting.then(
    (ballast) => ballast.stop(),
    () => undefined,
  );
  process.exit(130);
}

main().then(
  () => process.exit(0),
  (error: Error) => {
    console.error(error.message);
    process.exit(1);
  },
);
