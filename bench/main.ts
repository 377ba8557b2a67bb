/** `npm run bench [-- --quick] [-- --only ingest,gate]`: measures, shows and keeps the figures of docs/performance.md. */
import { parseArgs } from 'node:util';
import { crossingToCredited } from './crossingToCredited';
import { startBallast, type MeasuredBallast } from './ballast';
import { gateOverExpress, gateOverNodeHttp, gateUnderIngest } from './gate';
import { commitToNo } from './gateFollows';
import { ingest } from './ingest';
import { manyAccounts } from './manyAccounts';
import { replicaMemory, replicaRate } from './replica';
import { keep, show, type Figure } from './results';

type Measurement = (ballast: MeasuredBallast, quick: boolean) => Promise<Figure[]>;

/** In this order; the one that fills the database with accounts comes last. */
const MEASUREMENTS: Record<string, Measurement> = {
  crossing: (ballast, quick) => crossingToCredited(ballast, quick ? 5 : 20),
  gate: async (ballast, quick) => {
    const runs = quick ? 2 : 5;
    return [...(await gateOverExpress(ballast, runs)), ...(await gateOverNodeHttp(ballast, runs))];
  },
  follows: (ballast, quick) => commitToNo(ballast, quick ? 50 : 200),
  replica: async (_ballast, quick) => [...(await replicaRate(quick ? 2 : 5)), ...(await replicaMemory(quick ? 1 : 3))],
  ingest: (ballast, quick) => ingest(ballast, quick ? { runs: 1, events: 20_000 } : { runs: 5, events: 100_000 }),
  'gate-under-ingest': (ballast, quick) => gateUnderIngest(ballast, quick ? 1 : 3),
  accounts: (ballast, quick) => manyAccounts(ballast, quick ? 1 : 3),
};

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false }, only: { type: 'string' } } });
  const names = values.only?.split(',') ?? Object.keys(MEASUREMENTS);
  const unknown = names.find((name) => !Object.hasOwn(MEASUREMENTS, name));
  if (unknown !== undefined) throw new Error(`There is no measurement ${unknown}; there are: ${Object.keys(MEASUREMENTS).join(', ')}.`);
  const ballast = await startBallast();
  try {
    for (const name of names) {
      console.log(`measuring ${name} …`);
      const figures = await MEASUREMENTS[name]!(ballast, values.quick);
      figures.forEach(show);
      if (!values.quick) keep(figures);
    }
  } finally {
    await ballast.stop();
  }
}

main().then(() => process.exit(0), (error: Error) => {
  console.error(error.message);
  process.exit(1);
});
