/** `npm run campaign:batches [-- --jobs 1000] [-- --seed 1]`: a campaign against batches; ends with 1 when something is not as it must be. */
import { parseArgs } from 'node:util';
import { startBallast } from '../../bench/ballast';
import { formatMoney, nano } from '../../domain/money';
import { abortOf, abortOnSignal } from '../stopping';
import { runCampaign, type CampaignOptions, type CampaignResult } from './campaign';
import { FATES } from './jobs';

/**
 * A short one fits into the tests: all its faults come within seconds, and its jobs end when what was killed and frozen has
 * come back. The long one is run by hand, and its faults go on until the last job has ended.
 */
const SHORT: Omit<CampaignOptions, 'jobs' | 'seed' | 'log'> = {
  width: 30,
  accounts: 3,
  executors: 3,
  faults: { pauseMs: [300, 600], rounds: 1 },
  eraseMs: 180_000,
};
const LONG: typeof SHORT = {
  width: 40,
  accounts: 10,
  executors: 5,
  faults: { pauseMs: [700, 2_500], rounds: Infinity },
  eraseMs: 400_000,
};
const LONG_FROM_JOBS = 200;

const stopping = abortOnSignal();
const inDollars = (amount: bigint): string => `$${formatMoney(nano(amount))}`;

function table({
  jobs,
  requests,
  billed,
  charged,
  held,
  reservedTokens,
  faultCounts,
  seconds,
  faults,
}: CampaignResult): string {
  const ends = FATES.flatMap((fate) => {
    const counts = new Map<string, number>();
    for (const job of jobs) if (job.fate === fate) counts.set(job.status, (counts.get(job.status) ?? 0) + 1);
    return [...counts].map(([status, count]) => [`to ${fate}: ${status}`, String(count)]);
  });
  const rows = [
    ['jobs', String(jobs.length)],
    ...ends,
    ['requests', String(requests)],
    ['billed', String(billed)],
    ['charged', inDollars(charged)],
    ...[...faultCounts].toSorted().map(([name, count]) => [name, String(count)]),
    ['seconds', seconds.toFixed(0)],
    ['held at the end', inDollars(held)],
    ['reserved tokens at the end', String(reservedTokens)],
    ['not as it must be', String(faults.length)],
  ];
  const width = Math.max(...rows.map(([name]) => name!.length));
  return rows.map(([name, value]) => `${name!.padEnd(width)}  ${value}`).join('\n');
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      jobs: { type: 'string', default: '1000' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    },
  });
  const [jobs, seed] = [Number(values.jobs), Number(values.seed)];
  if (!Number.isInteger(jobs) || jobs < 1 || !Number.isInteger(seed))
    throw new Error('--jobs and --seed are whole numbers.');
  console.log(`seed ${seed}: ${jobs} jobs; the same again: npm run campaign:batches -- --jobs ${jobs} --seed ${seed}`);
  const ballast = await startBallast(stopping);
  try {
    const size = jobs >= LONG_FROM_JOBS ? LONG : SHORT;
    const running = runCampaign(ballast, { ...size, jobs, seed, log: (line) => console.log(line) });
    const result = await Promise.race([running, abortOf(stopping)]);
    console.log(table(result));
    for (const fault of result.faults) console.log(`NOT AS IT MUST BE: ${fault}`);
    if (result.faults.length > 0) process.exitCode = 1;
  } finally {
    await ballast.stop();
  }
}

main()
  .catch((error: Error) => {
    if (!stopping.aborted) console.error(error.stack);
    process.exitCode = stopping.aborted ? 130 : 1;
  })
  .finally(() => process.exit());
