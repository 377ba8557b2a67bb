/** One step of a campaign: operations and a fault, or two, at the same time, recovery, and the proof that nothing is lost or doubled. */
import { setTimeout as sleep } from 'node:timers/promises';
import { NotServed } from '../caller';
import { createRandom, type Random } from '../random';
import { holds, prove, tableOf } from '../../verify/prove';
import type { Result } from '../../verify/verify';
import { MODEL, PRICE } from './accounts';
import { drawFault, heal, type Fault, type Struck } from './faults';
import { gatesThatLag } from './gates';
import { drawOperations, runOperations } from './operations';
import type { Scene } from './operations/operation';
import { patiently } from './patiently';
import type { Recovery } from './report';

/** What is younger may still come. */
const GRACE_SECONDS = 900;
/** How long the news of a step may be on its way. */
const SETTLE_MS_MAX = 90_000;
/** What nobody has brought by then is left to reconciliation. */
const RECONCILE_AFTER_MS = 12_000;
const LANES = 6;
const TWO_FAULTS_SHARE = 0.2;

/** Something that must not be, in words; with the rows that show it. */
export class Violation extends Error {}

export type StepDone = {
  /** Of the faults: one, or two at once. */
  kinds: string[];
  operations: number;
  recoveries: Recovery[];
  reconciled: boolean;
  /** Until all operations were answered, and then until all news had come. */
  actingMs: number;
  settlingMs: number;
  /** What was waited for last; empty: all had come at once. */
  waitedFor: string;
};

/** @throws Violation when an invariant does not hold, or something acknowledged does not stand */
export async function runStep(scene: Scene, seed: number, nth: number, only?: string): Promise<StepDone> {
  const random = createRandom(seed * 1_000_003 + nth);
  const faults = Array.from({ length: random.chance(TWO_FAULTS_SHARE) ? 2 : 1 }, () => drawFault(random, only));
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

  const startedMs = performance.now();
  const acting = runOperations(scene, planned, LANES);
  acting.catch(() => undefined); // looked at below
  await sleep(pauseMs);
  const struck = await Promise.all(faults.map((fault) => fault.strike(ballast)));
  const recovering = recover(scene, struck);
  recovering.catch(() => undefined);
  await acting;
  const actingMs = performance.now() - startedMs;
  const recoveries = await recovering;
  await heal(ballast);
  await proveNow(scene);
  const settled = await proveSettled(scene);
  const lagging = await gatesThatLag(ballast, scene.people, scene.pool);
  if (lagging.length > 0) throw new Violation(lagging.join('\n'));
  return { kinds: struck.map(({ kind }) => kind), operations: count, recoveries, actingMs, ...settled };
}

/** Each operation draws for itself, so that what it does does not depend on who was quicker. */
function forked(random: Random): () => Random {
  return () => createRandom(random.between(0, 2 ** 31));
}

/** How long it took until what was struck runs again, and until each API takes usage and is ready. */
async function recover(scene: Scene, struck: readonly Struck[]): Promise<Recovery[]> {
  const { ballast } = scene;
  const victims = struck.flatMap((one) => one.victims);
  const kind = struck.length > 1 ? 'two faults at once' : struck[0]!.kind;
  const beganMs = victims[0]?.atMs ?? performance.now();
  const up = victims.map(async ({ name, atMs, how }) => ({
    what: `${name.replace(/ \d$/, '')} ${how === 'killed' ? 'runs' : 'answers'} again`,
    kind,
    ms: how === 'killed' ? (await ballast.upAgain(name, atMs)) - atMs : 0,
  }));
  const usage = ballast.apiUrls.map(async (url) => ({
    what: 'usage is taken again',
    kind,
    ms: (await takesUsage(url, scene)) - beganMs,
  }));
  const behind = victims.some(({ name }) => /^(worker|Temporal)/.test(name))
    ? [caughtUp(scene).then((atMs) => ({ what: 'workflows have caught up', kind, ms: atMs - beganMs }))]
    : [];
  const ready = ballast.apiUrls.map(async (url) => ({
    what: 'all is ready again',
    kind,
    ms: (await ballast.ready(url)) - beganMs,
  }));
  const all = await Promise.all([...up, ...usage, ...ready, ...behind]);
  return all.filter(({ what }) => !what.endsWith('answers again'));
}

const PROBE_MS_MAX = 120_000;

/** When no account's workflow has missed anything: what was decided for the last change of each is written down. */
async function caughtUp({ pool }: Scene): Promise<number> {
  for (const endMs = performance.now() + PROBE_MS_MAX; performance.now() < endMs; await sleep(50)) {
    const { rows } = await patiently(() =>
      pool.query<{ behind: boolean }>('select exists (select from balances where wake) as behind'),
    );
    if (!rows[0]!.behind) return performance.now();
  }
  throw new Violation(`Workflows are behind ${PROBE_MS_MAX / 1_000} s after the fault.`);
}

/** Only a commit shows that usage is taken: of one event, which is a duplicate from the second time on. */
async function takesUsage(url: string, { people, acknowledged }: Scene): Promise<number> {
  const { id: account } = people.accounts[0]!;
  acknowledged.send({ account, id: 'probe', costNano: PRICE.input });
  const event = { id: 'probe', accountId: account, model: MODEL, inputTokens: 1 };
  for (const endMs = performance.now() + PROBE_MS_MAX; performance.now() < endMs; await sleep(30)) {
    const answer = await fetch(`${url}/v1/usage`, {
      method: 'POST',
      headers: { authorization: `Bearer ${people.serviceKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ events: [event] }),
      signal: AbortSignal.timeout(5_000),
    }).catch(() => null);
    await answer?.arrayBuffer().catch(() => undefined);
    if (answer?.ok) return performance.now();
  }
  throw new Violation(`${url} did not take usage for ${PROBE_MS_MAX / 1_000} s after the fault.`);
}

const proof = (scene: Scene, graceSeconds: number): Promise<Result[]> =>
  prove({
    databaseUrl: scene.ballast.databaseUrl,
    provider: { baseUrl: scene.ballast.stripeUrl, secretKey: 'sk_test_chaos' },
    graceSeconds,
  });

/** What must hold at every moment. */
async function proveNow(scene: Scene): Promise<void> {
  const results = await proof(scene, GRACE_SECONDS);
  if (!holds(results)) throw new Violation(tableOf(results));
  const { diedByThemselves } = scene.ballast;
  if (diedByThemselves.length > 0) throw new Violation(diedByThemselves.join('\n'));
  if (scene.gates.letIn() > 0) throw new Violation('An account that has never had money was let in.');
  if (scene.ballast.webhooks.forgedTaken() > 0) throw new Violation('A forged webhook was taken.');
}

type Settled = Pick<StepDone, 'reconciled' | 'settlingMs' | 'waitedFor'>;

/** What must hold once all news has come. */
async function proveSettled(scene: Scene): Promise<Settled> {
  let reconciled = false;
  let waitedFor = '';
  for (const startedMs = performance.now(); ; await sleep(250)) {
    const wrong = await scene.acknowledged.violations(scene.pool);
    const results = await proof(scene, 15);
    const elapsedMs = performance.now() - startedMs;
    if (wrong.length === 0 && holds(results)) return { reconciled, settlingMs: elapsedMs, waitedFor };
    waitedFor = [
      ...wrong,
      ...results.filter(({ differences }) => differences > 0).map(({ invariant }) => invariant),
    ].join('; ');
    if (elapsedMs > SETTLE_MS_MAX)
      throw new Violation([...wrong, ...(holds(results) ? [] : [tableOf(results)])].join('\n'));
    if (!reconciled && elapsedMs > RECONCILE_AFTER_MS) {
      reconciled = true;
      await scene.people.admin.ask('POST', '/v1/reconcile');
    }
  }
}
