/** `npm run soak [-- --minutes 20]`: everything at a steady load; memory, handles, connections, holds and histories must stay flat. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Presets, SingleBar } from 'cli-progress';
import { holds as invariantsHold, prove, tableOf } from '../../verify/prove';
import { startBallast, type MeasuredBallast } from '../ballast';
import { writeBatchFile } from '../batchInput';
import { openPayer, type Owner } from '../owners';
import { prepareUsage } from '../usage';
import { draw, judge, table } from './curves';
import { createSampler, type Sampler } from './samples';
import { startTraffic, type Traffic } from './traffic';

const RICH = 200;
/** So many that no account comes near ten reloads an hour, where the breaker would stop them (A12). */
const PAYERS = 40;
/** Four jobs a minute: within what an account's batches may send (`batch.requests_per_minute`), or they would heap up. */
const LINES_OF_A_JOB = 200;
const SAMPLE_MS = 5_000;
/** What is under way has this long to come to its end before it counts as lost. */
const GRACE_SECONDS = 60;
const MINUTES_MAX = 24 * 60;

async function watch(sampler: Sampler, traffic: Traffic, minutes: number): Promise<void> {
  const bar = new SingleBar(
    { format: '  {bar} {value}/{total} min | {done}', noTTYOutput: true, notTTYSchedule: 60_000 },
    Presets.shades_classic,
  );
  bar.start(minutes, 0, { done: 'warming up' });
  const startMs = performance.now();
  const endMs = startMs + minutes * 60_000;
  for (let nowMs = startMs; nowMs < endMs; nowMs = performance.now()) {
    await sleep(Math.min(SAMPLE_MS, endMs - nowMs));
    await sampler.sample();
    const done = [...traffic.done].map(([name, count]) => `${name} ${count}`).join(', ');
    bar.update(Math.floor((performance.now() - startMs) / 60_000), { done });
  }
  bar.stop();
}

/** @returns whether all stayed flat, nothing failed, and the ledger's invariants hold */
async function soak(ballast: MeasuredBallast, minutes: number, picture: string): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'ballast-soak-'));
  const batchFile = join(folder, 'requests.jsonl');
  await writeBatchFile(batchFile, LINES_OF_A_JOB, 1_000);
  const { serviceKey, accountIds: rich, pool } = await prepareUsage(ballast, RICH);
  const payers: Owner[] = [];
  for (let nth = 0; nth < PAYERS; nth++) payers.push(await openPayer(ballast, `soak-${Date.now()}-${nth}`, '25.00'));
  const watched = [rich[0]!, ...payers.slice(0, 5).map(({ id }) => id)];
  const sampler = await createSampler(ballast, pool, watched);
  try {
    const traffic = await startTraffic(ballast, { serviceKey, rich, payers, batchFile });
    try {
      await watch(sampler, traffic, minutes);
    } finally {
      await traffic.stop();
    }
    writeFileSync(picture, draw(sampler.curves, minutes));
    const checks = await prove({ databaseUrl: ballast.databaseUrl, graceSeconds: GRACE_SECONDS });
    console.log(`\n${table(sampler.curves)}\n\n${tableOf(checks)}`);
    console.log(`\ndone: ${[...traffic.done].map(([name, count]) => `${name} ${count}`).join(', ')}`);
    [...traffic.failures]
      .slice(0, 20)
      .forEach(([what, times]) => console.log(`not as it should be, ${times} times: ${what}`));
    console.log(`kinds of failures: ${traffic.failures.size}. The curves are drawn in ${picture}.`);
    return (
      sampler.curves.every((curve) => judge(curve).isFlat) && traffic.failures.size === 0 && invariantsHold(checks)
    );
  } finally {
    await sampler.close();
    await pool.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { minutes: { type: 'string', default: '20' }, picture: { type: 'string', default: 'soak.svg' } },
  });
  const minutes = Number(values.minutes);
  if (!(minutes >= 1 && minutes <= MINUTES_MAX))
    throw new Error(`--minutes must be 1 to ${MINUTES_MAX}, not ${values.minutes}.`);
  const starting = startBallast();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void starting.then((ballast) => ballast.stop()).finally(() => process.exit(130)));
  const ballast = await starting;
  try {
    process.exitCode = (await soak(ballast, minutes, resolve(values.picture))) ? 0 : 1;
  } finally {
    await ballast.stop();
  }
}

main().then(
  () => process.exit(),
  (error: Error) => {
    console.error(error.message);
    process.exit(1);
  },
);
