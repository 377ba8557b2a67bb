/** The campaign over the whole product: step after step, until the faults are done or something is wrong. */
import { openPool } from '../../ledger/db';
import { abortOf } from '../stopping';
import { Acknowledged } from './acknowledged';
import { openAccount, preparePeople } from './accounts';
import { Ballast, type GroundName } from './ballast';
import type { CampaignDisk } from './smallDisk';
import { Batches } from './batches';
import { watchGates } from './gates';
import type { Scene } from './operations/operation';
import { patiently } from './patiently';
import { proveEnd, Violation } from './proof';
import { addTo, newTally, PHASES, totalOf, type Tally } from './report';
import { runStep, type StepDone } from './step';

export type CampaignOptions = {
  seed: number;
  /** The steps to run, both included, and no more once so many faults are met: each step draws a fault or two from the seed and its own number. */
  first: number;
  last: number;
  faults: number;
  /** What the kind of each fault must have in it. @default any kind */
  only?: string | undefined;
  ground: GroundName;
  disk: CampaignDisk;
  signal: AbortSignal;
  log(line: string): void;
};

export type CampaignResult = {
  tally: Tally;
  /** How often what was acknowledged, or has happened. */
  acknowledged: Record<string, number>;
  /** The last step that was begun, and what is wrong; null: nothing is. */
  failed: { step: number; because: string } | null;
  seconds: number;
};

const ACCOUNTS = 8;
/** The breaker stops an account that has reloaded ten times in an hour: others take its place. */
const NEW_ACCOUNT_EACH = 5;

/** Ends all of its processes, whatever happens. Whatever fails is its result. @throws only when it was stopped */
export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  const { ground, disk, signal, log, first } = options;
  const startedMs = performance.now();
  const ballast = new Ballast(ground, disk, (line) => log(`  ${line}`));
  const ending: (() => Promise<void>)[] = [() => ballast.stop()];
  const acknowledged = new Acknowledged();
  const tally = newTally();
  const progress = { step: first };
  let counts: Record<string, number> = {};
  const run = async (): Promise<void> => {
    const scene = await openScene(ballast, acknowledged, options.seed, ending);
    await runSteps(scene, tally, options, progress);
    await proveEnd(scene);
    counts = await countsOf(scene);
  };
  let failed: CampaignResult['failed'] = null;
  try {
    await Promise.race([run(), abortOf(signal)]);
  } catch (error) {
    signal.throwIfAborted();
    const { message, stack } = error as Error;
    failed = { step: progress.step, because: error instanceof Violation ? message : (stack ?? message) };
  } finally {
    for (const end of ending) await end();
  }
  const seconds = (performance.now() - startedMs) / 1_000;
  return { tally, acknowledged: { ...acknowledged.counts(), ...counts }, failed, seconds };
}

/** @param ending gets first what ends what was begun last */
async function openScene(
  ballast: Ballast,
  acknowledged: Acknowledged,
  seed: number,
  ending: (() => Promise<void>)[],
): Promise<Scene> {
  await ballast.start();
  const pool = openPool(ballast.databaseUrl, { connectionsMax: 2, applicationName: 'chaos' });
  ending.unshift(() => pool.end());
  const people = await preparePeople(ballast, acknowledged, ACCOUNTS);
  const batches = await Batches.start(ballast, people, acknowledged, { pool, seed });
  ending.unshift(() => batches.stop());
  const gates = watchGates(ballast, people.serviceKey);
  ending.unshift(() => gates.stop());
  return { ballast, people, acknowledged, batches, gates, pool };
}

/** What nobody was told of as an answer, and which the proofs were about all the same. */
async function countsOf({ batches, gates, pool }: Scene): Promise<Record<string, number>> {
  const { rows } = await patiently(() =>
    pool.query<{ reloads: number; declined: number; disputes: number }>(
      `select (select count(*)::int from payments where purpose = 'reload' and status = 'succeeded') as reloads,
         (select count(*)::int from payment_attempts where outcome = 'declined') as declined,
         (select count(*)::int from disputes) as disputes`,
    ),
  );
  return { batches: batches.count, 'gates told of who has nothing': gates.answered(), ...rows[0]! };
}

async function runSteps(
  scene: Scene,
  tally: Tally,
  { seed, first, last, faults, only, log }: CampaignOptions,
  progress: { step: number },
): Promise<void> {
  for (let nth = first; nth <= last && totalOf(tally.faults) < faults; nth++) {
    progress.step = nth;
    if (nth % NEW_ACCOUNT_EACH === 0) await replaceAccount(scene, ACCOUNTS + nth / NEW_ACCOUNT_EACH);
    const done = await runStep(scene, seed, nth, only);
    add(tally, done);
    log(`step ${nth}, ${totalOf(tally.faults)} faults: ${told(done)}`);
  }
}

function add(tally: Tally, { met, missed, moments, phasesMs, recoveries, operations, reconciled }: StepDone): void {
  tally.steps++;
  for (const kind of met) addTo(tally.faults, kind, 1);
  for (const kind of missed) addTo(tally.missed, kind, 1);
  for (const moment of moments) addTo(tally.moments, moment, 1);
  for (const phase of PHASES) addTo(tally.phasesMs, phase, phasesMs[phase]);
  tally.recoveries.push(...recoveries);
  tally.operations += operations;
  if (reconciled) tally.reconciled++;
}

function told({ met, missed, operations, phasesMs, waitedFor }: StepDone): string {
  const phases = PHASES.map((phase) => `${phase} ${(phasesMs[phase] / 1_000).toFixed(1)} s`).join(', ');
  return [
    [...met, ...missed.map((kind) => `${kind} (not met)`)].join(' and '),
    `${operations} operations`,
    phases,
    waitedFor === '' ? 'all proved' : `all proved, at last ${waitedFor.slice(0, 200)}`,
  ].join('; ');
}

async function replaceAccount({ ballast, people, acknowledged }: Scene, nth: number): Promise<void> {
  await openAccount(ballast, people, acknowledged, nth);
  people.accounts.splice(0, people.accounts.length - ACCOUNTS);
}
