/** `npm run chaos [-- --faults 300] [-- --seed 1] [-- --shrink]`: the campaign over the whole product (../README.md). */
import { parseArgs } from 'node:util';
import { runCampaign, type CampaignResult } from './campaign';
import { reportOf } from './report';
import { openDisk } from './smallDisk';

type Wish = { seed: number; steps: [number, number]; isShrinking: boolean };

const stopping = new AbortController();

function readWish(): Wish {
  const { values } = parseArgs({
    options: {
      faults: { type: 'string', default: '300' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      from: { type: 'string', default: '1' },
      shrink: { type: 'boolean', default: false },
    },
  });
  const [faults, seed, from] = [Number(values.faults), Number(values.seed), Number(values.from)];
  if (![faults, seed, from].every(Number.isInteger) || faults < 1 || from < 1)
    throw new Error('--faults, --seed and --from are whole numbers.');
  return { seed, steps: [from, from + faults - 1], isShrinking: values.shrink };
}

const commandOf = (seed: number, [first, last]: [number, number]): string =>
  `npm run chaos -- --seed ${seed} --faults ${last - first + 1}${first > 1 ? ` --from ${first}` : ''}`;

/** On a disk of its own, whose content is kept when something is wrong. */
async function run(seed: number, steps: [number, number], log: (line: string) => void): Promise<CampaignResult> {
  const disk = openDisk();
  let failed = false;
  try {
    const result = await runCampaign({ seed, steps, disk, signal: stopping.signal, log });
    failed = result.failed !== null;
    return result;
  } finally {
    const kept = disk.close(failed);
    if (kept !== null) log(`Its data: DATA_DIR=${kept} npm start`);
  }
}

/** The fewest steps up to the one that failed which still fail: steps draw for themselves, so any of them can be run alone. */
async function shrink(seed: number, failedStep: number): Promise<[number, number]> {
  for (let length = 1; length < failedStep; length = Math.min(2 * length, failedStep)) {
    const steps: [number, number] = [failedStep - length + 1, failedStep];
    console.log(`shrinking: ${commandOf(seed, steps)}`);
    const { failed } = await run(seed, steps, () => undefined);
    if (failed !== null) return [steps[0], failed.step];
  }
  return [1, failedStep];
}

async function main(): Promise<void> {
  const { seed, steps, isShrinking } = readWish();
  console.log(`seed ${seed}; the same again: ${commandOf(seed, steps)}`);
  const result = await run(seed, steps, (line) => console.log(line));
  const violations = result.failed === null ? 0 : 1;
  console.log(`\n${reportOf(result.tally, result.acknowledged, { seconds: result.seconds, violations })}`);
  if (result.failed === null) return;
  process.exitCode = 1;
  console.log(`\nVIOLATION with seed ${seed} in step ${result.failed.step}:\n${result.failed.because}`);
  const last = result.failed.step;
  const shortest = isShrinking ? await shrink(seed, last) : ([steps[0], last] as [number, number]);
  console.log(`\nThe shortest that fails: ${commandOf(seed, shortest)}`);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stopping.abort());
main()
  .catch((error: Error) => {
    if (!stopping.signal.aborted) console.error(error.stack);
    process.exitCode = stopping.signal.aborted ? 130 : 1;
  })
  .finally(() => process.exit());
