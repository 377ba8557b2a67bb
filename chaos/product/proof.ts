/** The proof: at once, once all news has come, and at the end of the campaign. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { holds, prove, tableOf } from '../../verify/prove';
import type { Result } from '../../verify/verify';
import { must } from '../caller';
import { gatesThatLag } from './gates';
import type { Scene } from './operations/operation';

/** What is younger may still come when a step has just ended. */
const GRACE_SECONDS = 900;
/** How long the news of a step may be on its way. */
const NEWS_MS_MAX = 90_000;
/** What nobody has brought by then is left to reconciliation. */
const RECONCILE_AFTER_MS = 12_000;

/** Something that must not be, in words; with the rows that show it. */
export class Violation extends Error {}

const proof = (scene: Scene, graceSeconds: number): Promise<Result[]> =>
  prove({
    databaseUrl: scene.ballast.databaseUrl,
    provider: { baseUrl: scene.ballast.stripeUrl, secretKey: 'sk_test_chaos' },
    graceSeconds,
  });

/** What must hold at every moment, and what must never have happened. @throws Violation */
function proveNow({ ballast, gates }: Scene, results: readonly Result[]): void {
  if (!holds(results)) throw new Violation(tableOf(results));
  const { diedByThemselves } = ballast.journal;
  if (diedByThemselves.length > 0) throw new Violation(diedByThemselves.join('\n'));
  if (gates.letIn() > 0) throw new Violation('An account that has never had money was let in.');
  if (ballast.webhooks.forgedTaken() > 0) throw new Violation('A forged webhook was taken.');
}

export type Proved = {
  /** Some of the news came only by reconciliation. */
  reconciled: boolean;
  /** What was waited for last; empty: all had come at once. */
  waitedFor: string;
};

/**
 * Waits until all news has come: then everything holds without any grace. Until then everything holds but for what may
 * still be on its way.
 * @param stillOpen what else must come to its end, in words where it has not
 * @throws Violation when something does not hold, or has not come after 90 s
 */
export async function proveAll(scene: Scene, stillOpen?: (pool: Pool) => Promise<string[]>): Promise<Proved> {
  const { acknowledged, gates, pool } = scene;
  let reconciled = false;
  let waitedFor = '';
  for (const startedMs = performance.now(); ; await sleep(100)) {
    const wrong = [...(await acknowledged.violations(pool)), ...gates.silent(), ...((await stillOpen?.(pool)) ?? [])];
    const results = await proof(scene, 0);
    proveNow(scene, holds(results) ? results : await proof(scene, GRACE_SECONDS));
    const elapsedMs = performance.now() - startedMs;
    if (wrong.length === 0 && holds(results)) break;
    waitedFor = [
      ...wrong,
      ...results.filter(({ differences }) => differences > 0).map(({ invariant }) => invariant),
    ].join('; ');
    if (elapsedMs > NEWS_MS_MAX)
      throw new Violation([...wrong, ...(holds(results) ? [] : [tableOf(results)])].join('\n'));
    if (!reconciled && elapsedMs > RECONCILE_AFTER_MS) {
      reconciled = true;
      await must(scene.people.admin.ask('POST', '/v1/reconcile'));
    }
  }
  const lagging = await gatesThatLag(scene.ballast, scene.people, pool);
  if (lagging.length > 0) throw new Violation(lagging.join('\n'));
  return { reconciled, waitedFor };
}

/**
 * After the last step: batches have ended and are billed, and what steps have left to go on (holds until they expire,
 * reloads, the workflows of limit requests) has come to its end; then all is proved once more.
 * @throws Violation
 */
export async function proveEnd(scene: Scene): Promise<void> {
  const wrong = await scene.batches.violations();
  if (wrong.length > 0) throw new Violation(wrong.join('\n'));
  scene.gates.expectAnswers();
  await proveAll(scene, whatGoesOn);
}

/** A reload of a suspended account waits until that is let in again. */
async function whatGoesOn(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ what: string }>(
    `select format('hold %s is open', id) as what from holds where status = 'open'
     union all select format('the workflow of limit request %s has not ended', id) from limit_requests
       where decided_at is not null and ended_at is null
     union all select format('reload %s is open', id) from reloads r
       where closed_at is null and not exists (select from suspensions s where s.account_id = r.account_id)
     union all select format('the workflow of %s is behind', account_id) from balances where wake`,
  );
  return rows.map(({ what }) => what);
}
