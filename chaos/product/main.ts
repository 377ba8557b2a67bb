/** `npm run chaos [-- --faults 300] [-- --seed 1] [-- --from 40 --to 42] [-- --cluster] [-- --no-shrink]`: the campaign over the whole product (../README.md). */
import { parseArgs } from 'node:util';
import { abortOnSignal } from '../stopping';
import type { GroundName } from './ballast';
import { runCampaign, type CampaignResult } from './campaign';
import { reportOf, totalOf } from './report';
import { openDisk } from './smallDisk';

type Wish = { seed: number; only: string | undefined; ground: GroundName } & (
  { first: number; faults: number; last: null } | { first: number; faults: null; last: number }
);

/** Steps whose faults met nothing count for none: a campaign in which so few meet anything has tried too little. */
const STEPS_PER_FAULT_MAX = 5;

const stopping = abortOnSignal();

function readWish(): Wish & { isShrinking: boolean } {
  const { values } = parseArgs({
    options: {
      faults: { type: 'string', default: '300' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      from: { type: 'string', default: '1' },
      to: { type: 'string' },
      only: { type: 'string' },
      cluster: { type: 'boolean', default: false },
      shrink: { type: 'boolean', default: true },
    },
    allowNegative: true,
  });
  const { only, shrink: isShrinking } = values;
  const [faults, seed, first, last] = [values.faults, values.seed, values.from, values.to ?? values.from].map(
    Number,
  ) as [number, number, number, number];
  if (![faults, seed, first, last].every(Number.isInteger) || faults < 1 || first < 1 || last < first)
    throw new Error('--faults, --seed, --from and --to are whole numbers.');
  const ground: GroundName = values.cluster ? 'cluster' : 'embedded';
  const common = { seed, only, ground, first, isShrinking };
  return values.to === undefined ? { ...common, faults, last: null } : { ...common, faults: null, last };
}

const commandOf = ({ seed, first, last, faults, only, ground }: Wish): string =>
  [
    `npm run chaos -- --seed ${seed}`,
    ...(faults === null ? [] : [`--faults ${faults}`]),
    ...(first > 1 ? [`--from ${first}`] : []),
    ...(last === null ? [] : [`--to ${last}`]),
    ...(ground === 'cluster' ? ['--cluster'] : []),
    ...(only === undefined ? [] : [`--only '${only}'`]),
  ].join(' ');

/** On a disk of its own, whose content is kept when something is wrong. */
async function run(
  { seed, first, last, faults, only, ground }: Wish,
  log: (line: string) => void,
): Promise<CampaignResult> {
  const disk = openDisk(ground === 'embedded');
  let failed = false;
  try {
    const result = await runCampaign({
      seed,
      first,
      last: last ?? first + STEPS_PER_FAULT_MAX * faults - 1,
      faults: faults ?? Infinity,
      only,
      ground,
      disk,
      signal: stopping,
      log,
    });
    failed = result.failed !== null;
    return result;
  } finally {
    const kept = disk.close(failed);
    if (kept !== null) log(`Its data: DATA_DIR=${kept} npm ${ground === 'cluster' ? 'run cluster' : 'start'}`);
  }
}

/** The fewest steps up to the one that failed which still fail: steps draw for themselves, so any of them can be run alone. */
async function shrink(wish: Wish, last: number): Promise<Wish> {
  for (let length = 1; length <= last - wish.first; length *= 2) {
    const shorter: Wish = { ...wish, first: last - length + 1, last, faults: null };
    console.log(`shrinking: ${commandOf(shorter)}`);
    const { failed } = await run(shorter, () => undefined);
    if (failed !== null) return { ...shorter, last: failed.step };
  }
  return { ...wish, last, faults: null };
}

async function main(): Promise<void> {
  const { isShrinking, ...wish } = readWish();
  console.log(`seed ${wish.seed}; the same again: ${commandOf(wish)}`);
  const { tally, acknowledged, seconds, failed } = await run(wish, (line) => console.log(line));
  console.log(`\n${reportOf(tally, acknowledged, { seconds, violations: failed === null ? 0 : 1 })}`);
  if (failed !== null) {
    process.exitCode = 1;
    console.log(`\nVIOLATION with seed ${wish.seed} in step ${failed.step}:\n${failed.because}`);
    const failing: Wish = { ...wish, last: failed.step, faults: null };
    console.log(`\nThe same again: ${commandOf(isShrinking ? await shrink(wish, failed.step) : failing)}`);
  } else if (totalOf(tally.faults) < (wish.faults ?? 0)) {
    process.exitCode = 1;
    console.log(`\nOnly ${totalOf(tally.faults)} of ${wish.faults} faults met anything in ${tally.steps} steps.`);
  }
}

main()
  .catch((error: Error) => {
    if (!stopping.aborted) console.error(error.stack);
    process.exitCode = stopping.aborted ? 130 : 1;
  })
  .finally(() => process.exit());
