/** `npm run chaos [-- --faults 300] [-- --seed 1] [-- --shrink]`: the campaign over the whole product (../README.md). */
import { parseArgs } from 'node:util';
import { runCampaign, type CampaignResult } from './campaign';
import { reportOf } from './report';
import { openDisk } from './smallDisk';

type Wish = { seed: number; steps: [number, number]; only: string | undefined; isShrinking: boolean };

const stopping = new AbortController();

function readWish(): Wish {
  const { values } = parseArgs({
    options: {
      faults: { type: 'string', default: '300' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      from: { type: 'string', default: '1' },
      only: { type: 'string' },
      shrink: { type: 'boolean', default: false },
    },
  });
  const [faults, seed, from] = [Number(values.faults), Number(values.seed), Number(values.from)];
  if (![faults, seed, from].every(Number.isInteger) || faults < 1 || from < 1)
    throw new Error('--faults, --seed and --from are whole numbers.');
  return { seed, steps: [from, from + faults - 1], only: values.only, isShrinking: values.shrink };
}

const commandOf = ({ seed, steps: [first, last], only }: Wish): string =>
  [
    `npm run chaos -- --seed ${seed} --faults ${last - first + 1}`,
    ...(first > 1 ? [`--from ${first}`] : []),
    ...(only === undefined ? [] : [`--only '${only}'`]),
  ].join(' ');

/** On a disk of its own, whose content is kept when something is wrong. */
async function run({ seed, steps, only }: Wish, log: (line: string) => void): Promise<CampaignResult> {
  const disk = openDisk();
  let failed = false;
  try {
    const result = await runCampaign({ seed, steps, only, disk, signal: stopping.signal, log });
    failed = result.failed !== null;
    return result;
  } finally {
    const kept = disk.close(failed);
    if (kept !== null) log(`Its data: DATA_DIR=${kept} npm start`);
  }
}

/** The fewest steps up to the one that failed which still fail: steps draw for themselves, so any of them can be run alone. */
async function shrink(wish: Wish, last: number): Promise<Wish> {
  const [first] = wish.steps;
  for (let length = 1; length <= last - first; length *= 2) {
    const shorter: Wish = { ...wish, steps: [last - length + 1, last] };
    console.log(`shrinking: ${commandOf(shorter)}`);
    const { failed } = await run(shorter, () => undefined);
    if (failed !== null) return { ...shorter, steps: [shorter.steps[0], failed.step] };
  }
  return { ...wish, steps: [first, last] };
}

async function main(): Promise<void> {
  const wish = readWish();
  console.log(`seed ${wish.seed}; the same again: ${commandOf(wish)}`);
  const { tally, acknowledged, seconds, failed } = await run(wish, (line) => console.log(line));
  console.log(`\n${reportOf(tally, acknowledged, { seconds, violations: failed === null ? 0 : 1 })}`);
  if (failed === null) return;
  process.exitCode = 1;
  console.log(`\nVIOLATION with seed ${wish.seed} in step ${failed.step}:\n${failed.because}`);
  const failing: Wish = { ...wish, steps: [wish.steps[0], failed.step] };
  console.log(`\nThe same again: ${commandOf(wish.isShrinking ? await shrink(failing, failed.step) : failing)}`);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopping.abort());
main()
  .catch((error: Error) => {
    if (!stopping.signal.aborted) console.error(error.stack);
    process.exitCode = stopping.signal.aborted ? 130 : 1;
  })
  .finally(() => process.exit());
