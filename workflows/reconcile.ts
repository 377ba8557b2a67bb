/** Reconciliation: reads Stripe from the last mark on, looks at all that is open here, checks the ledger, reports (P6). */
import { continueAsNew, proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../activities';
import type { ReconciledPage } from '../activities/reconciling';
import type { ReconcileReport, Repair } from '../domain/reconciliation';
import { LEDGER_CHECK, RECONCILE } from './timeouts';
import type { ReconcileInput, ReconcileProgress } from './messages';

const pages = proxyActivities<Activities>(RECONCILE);
const { checkLedger } = proxyActivities<Activities>(LEDGER_CHECK);

/** The report names so many repairs; it counts them all. */
const REPAIRS_SHOWN_MAX = 100;

export async function reconcile(input: ReconcileInput): Promise<ReconcileReport> {
  const run = input.carried ?? (await begin(input));
  const sinceMs = run.sinceMs ?? 0;
  for (let step = run.steps[0]; step; step = run.steps[0]) {
    const page = await pages[step]({ after: run.after, sinceMs, nowMs: Date.now() });
    add(run, page);
    if (page.next === null) run.steps.shift();
    run.after = page.next;
    if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof reconcile>({ ...input, carried: run });
  }
  const unexplained = await pages.endReconciliation(run.untilMs ?? run.startedMs, run.run);
  if (unexplained === null) return continueAsNew<typeof reconcile>({ ...input, carried: await beginAgain(run) });
  const ledger = run.check ? await checkLedger(Date.now()) : null;
  return {
    startedAt: new Date(run.startedMs).toISOString(),
    finishedAt: new Date(Date.now()).toISOString(),
    scanned: {
      mode: run.sinceMs === null ? 'all' : 'events',
      since: run.sinceMs === null ? null : new Date(run.sinceMs).toISOString(),
    },
    looked: run.looked,
    repaired: run.repaired,
    unexplained,
    ledger,
  };
}

async function begin({ check }: ReconcileInput): Promise<ReconcileProgress> {
  const startedMs = Date.now();
  const begun = await pages.beginReconciliation(startedMs);
  return {
    ...begun,
    startedMs,
    check: check || begun.check,
    steps: [begun.sinceMs === null ? 'reconcileIntents' : 'reconcileEvents', 'reconcileCheckouts', 'reconcileLocal'],
    after: null,
    looked: { events: 0, payments: 0 },
    repaired: { credited: 0, takenBack: 0, noted: 0, newest: [] },
  };
}

/** The database was put back to a backup under the run: what it has lost is looked for again, and what was done stays told. */
async function beginAgain({ startedMs, looked, repaired, check }: ReconcileProgress): Promise<ReconcileProgress> {
  return { ...(await begin({ check })), startedMs, looked, repaired };
}

function add({ looked, repaired }: ReconcileProgress, page: ReconciledPage): void {
  looked.events += page.events;
  looked.payments += page.payments;
  const count = (kind: Repair['kind']): number => page.repairs.filter((repair) => repair.kind === kind).length;
  repaired.credited += count('credited');
  repaired.takenBack += count('taken_back');
  repaired.noted += count('noted');
  repaired.newest = [...page.repairs, ...repaired.newest].slice(0, REPAIRS_SHOWN_MAX);
}
