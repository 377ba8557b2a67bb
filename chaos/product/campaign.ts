/** The campaign over the whole product: step after step, until the faults are done or something is wrong. */
import type { Pool } from 'pg';
import { openPool } from '../../ledger/db';
import { Acknowledged } from './acknowledged';
import { openAccount, preparePeople } from './accounts';
import { Ballast } from './ballast';
import type { CampaignDisk } from './smallDisk';
import { Batches } from './batches';
import { watchGates } from './gates';
import type { Scene } from './operations/operation';
import { patiently } from './patiently';
import { newTally, type Tally } from './report';
import { runStep, Violation, type StepDone } from './step';

export type CampaignOptions = {
  seed: number;
  /** The steps to run, both included: each has a fault or two, and draws from the seed and its own number. */
  steps: [first: number, last: number];
  /** What the kind of each fault must have in it. @default any kind */
  only?: string | undefined;
  disk: CampaignDisk;
  signal: AbortSignal;
  log(line: string): void;
};

export type CampaignResult = {
  tally: Tally;
  /** How often what was acknowledged, or has happened. */
  acknowledged: Record<string, number>;
  /** The step that failed, and what is wrong; null: nothing is. */
  failed: { step: number; because: string } | null;
  seconds: number;
};

const ACCOUNTS = 8;
/** The breaker stops an account that has reloaded ten times in an hour: others take its place. */
const NEW_ACCOUNT_EACH = 5;

/** Ends all of its processes, whatever happens. @throws when it can't begin, or was stopped */
export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  const { disk, signal, log, seed } = options;
  const startedMs = performance.now();
  const ballast = new Ballast(disk, (line) => log(`  ${line}`));
  signal.addEventListener('abort', () => void ballast.stop(), { once: true });
  const tally = newTally();
  const acknowledged = new Acknowledged();
  const ending: (() => Promise<void>)[] = [() => ballast.stop()];
  try {
    await ballast.start();
    const pool = openPool(ballast.databaseUrl, { connectionsMax: 2, applicationName: 'chaos' });
    ending.unshift(() => pool.end());
    const people = await preparePeople(ballast, acknowledged, ACCOUNTS);
    const batches = await Batches.start(ballast, people, acknowledged, { pool, seed });
    ending.unshift(() => batches.stop());
    const gates = watchGates(ballast, people.serviceKey);
    ending.unshift(() => gates.stop());
    const failed = await runSteps({ ballast, people, acknowledged, batches, gates, pool }, tally, options);
    const counts = {
      ...acknowledged.counts(),
      batches: batches.count,
      'gates asked of who has nothing': gates.asked(),
      ...(await happened(pool)),
    };
    return { tally, acknowledged: counts, failed, seconds: (performance.now() - startedMs) / 1_000 };
  } finally {
    for (const end of ending) await end();
  }
}

/** What nobody was told of as an answer, and which the proofs were about all the same. */
async function happened(pool: Pool): Promise<Record<string, number>> {
  const { rows } = await patiently(() =>
    pool.query<{ reloads: number; declined: number; disputes: number }>(
      `select (select count(*)::int from payments where purpose = 'reload' and status = 'succeeded') as reloads,
         (select count(*)::int from payment_attempts where outcome = 'declined') as declined,
         (select count(*)::int from disputes) as disputes`,
    ),
  );
  return { ...rows[0]! };
}

async function runSteps(
  scene: Scene,
  tally: Tally,
  { seed, steps: [first, last], only, signal, log }: CampaignOptions,
): Promise<CampaignResult['failed']> {
  for (let nth = first; nth <= last; nth++) {
    if (nth % NEW_ACCOUNT_EACH === 0) await replaceAccount(scene, ACCOUNTS + nth / NEW_ACCOUNT_EACH);
    const done = await runStep(scene, seed, nth, only).catch((error: Error) => {
      signal.throwIfAborted();
      return error instanceof Violation ? error : new Violation(error.stack);
    });
    if (done instanceof Violation) return { step: nth, because: done.message };
    for (const kind of done.kinds) tally.faults.set(kind, (tally.faults.get(kind) ?? 0) + 1);
    tally.recoveries.push(...done.recoveries);
    tally.operations += done.operations;
    if (done.reconciled) tally.reconciled++;
    log(`step ${nth} of ${last}: ${done.kinds.join(' and ')}; ${told(done)}`);
  }
  const wrong = await scene.batches.violations();
  return wrong.length === 0 ? null : { step: last, because: wrong.join('\n') };
}

function told({ operations, actingMs, settlingMs, waitedFor }: StepDone): string {
  const seconds = (ms: number): string => (ms / 1_000).toFixed(1);
  const settled = `settled in ${seconds(settlingMs)} s${waitedFor === '' ? '' : `, at last ${waitedFor.slice(0, 200)}`}`;
  return `${operations} operations answered in ${seconds(actingMs)} s; ${settled}; all proved`;
}

async function replaceAccount({ ballast, people, acknowledged }: Scene, nth: number): Promise<void> {
  await openAccount(ballast, people, acknowledged, nth);
  people.accounts.splice(0, people.accounts.length - ACCOUNTS);
}
