/** One step of a campaign: operations and a fault, or two, at the same time, recovery, and the proof that nothing is lost or doubled. */
import { setTimeout as sleep } from 'node:timers/promises';
import { NotServed } from '../caller';
import { createRandom, type Random } from '../random';
import { drawFault, heal, type Fault, type Struck } from './faults';
import { drawOperations, runOperations } from './operations';
import type { Scene } from './operations/operation';
import { proveAll, Violation, type Proved } from './proof';
import { recover, type Recovery } from './recovery';
import type { Phase } from './report';

const LANES = 6;
const TWO_FAULTS_SHARE = 0.2;

export type StepDone = {
  /** Of the faults that met what they were aimed at, and of those that did not. */
  met: string[];
  missed: string[];
  /** At which steps of usage or of a charge they have struck. */
  moments: string[];
  operations: number;
  recoveries: Recovery[];
  phasesMs: Record<Phase, number>;
} & Proved;

/** @throws Violation when an invariant does not hold, or something acknowledged does not stand */
export async function runStep(scene: Scene, seed: number, nth: number, only?: string): Promise<StepDone> {
  const random = createRandom(seed * 1_000_003 + nth);
  const faults = Array.from({ length: random.chance(TWO_FAULTS_SHARE) ? 2 : 1 }, () =>
    drawFault(random, scene.ballast.ground.kind, only),
  );
  try {
    return await carryOut(scene, faults, `s${nth}`, random);
  } catch (error) {
    const { message, stack } = error as Error;
    const what = error instanceof Violation || error instanceof NotServed ? message : (stack ?? message);
    throw new Violation(`${faults.map(({ kind }) => kind).join(' and ')}: ${what}`);
  }
}

async function carryOut(scene: Scene, faults: readonly Fault[], prefix: string, random: Random): Promise<StepDone> {
  const count = random.between(15, 35);
  const planned = drawOperations(scene.people.accounts, random, count, prefix, forked(random));
  const pauseMs = random.between(0, 400);
  const { ballast } = scene;
  const phaseMs = stopwatch();

  scene.gates.expectAnswers();
  const acting = runOperations(scene, planned, LANES);
  acting.catch(() => undefined); // looked at below
  await sleep(pauseMs);
  const struck = await Promise.all(faults.map((fault) => fault.strike(ballast)));
  const recovering = recover(scene, struck, prefix);
  recovering.catch(() => undefined);
  await acting;
  const operations = phaseMs();
  const recoveries = await recovering;
  const recovery = phaseMs();
  const counted = await countMet(struck);
  await heal(ballast);
  const healing = phaseMs();
  const proved = await proveAll(scene);
  const phasesMs = { operations, recovery, healing, proof: phaseMs() };
  return { ...counted, operations: count, recoveries, phasesMs, ...proved };
}

/** Milliseconds since it was asked last. */
function stopwatch(): () => number {
  let lastMs = performance.now();
  return () => -lastMs + (lastMs = performance.now());
}

async function countMet(struck: readonly Struck[]): Promise<Pick<StepDone, 'met' | 'missed' | 'moments'>> {
  const [met, missed, moments]: [string[], string[], string[]] = [[], [], []];
  for (const one of struck) {
    ((await one.isMet()) ? met : missed).push(one.kind);
    if (one.missed !== undefined) missed.push(one.missed);
    if (one.moment !== undefined) moments.push(one.moment);
  }
  return { met, missed, moments };
}

/** Each operation draws for itself, so that what it does does not depend on who was quicker. */
function forked(random: Random): () => Random {
  return () => createRandom(random.between(0, 2 ** 31));
}
