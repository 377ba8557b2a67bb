/** Reconciliation as activities: each works through one page, and may be run again at any line (P6). It never charges. */
import { randomUUID } from 'node:crypto';
import type { PaymentNews } from '../domain/payment';
import type { LedgerCheck, ReconcileReport, Repair } from '../domain/reconciliation';
import { endUnopened } from '../payments/endUnopened';
import { nothingOfOurs } from '../payments/news';
import { beginRun } from '../ledger/reconciliation/beginRun';
import { checkLedger } from '../ledger/reconciliation/checkLedger';
import { endRun } from '../ledger/reconciliation/endRun';
import { listIntentsToCheck } from '../ledger/reconciliation/listIntentsToCheck';
import { listOpenCheckouts } from '../ledger/reconciliation/listOpenCheckouts';
import { listUnexplained } from '../ledger/reconciliation/listUnexplained';
import { readMarks } from '../ledger/reconciliation/readMarks';
import { listUnopenedCheckouts } from '../ledger/payments/listUnopenedCheckouts';
import { listKnownEvents } from '../ledger/payments/listKnownEvents';
import { recordEvent } from '../ledger/payments/recordEvent';
import type { Dependencies } from './dependencies';
import { apart, createReconciler } from './reconciler';

/** What one page has brought. `next` reads on; null after the last page. */
export type ReconciledPage = { next: string | null; events: number; payments: number; repairs: Repair[] };
export type BegunReconciliation = { run: string; untilMs: number; sinceMs: number | null; check: boolean };
export type PageRequest = { after: string | null; sinceMs: number; nowMs: number };

/** An event may be listed later than it says it happened: each run looks so far back again. */
const OVERLAP_MS = 3_600_000;
/** Stripe keeps events for 30 days; after a longer break everything is looked at, as the first time. */
const EVENTS_MS_MAX = 25 * 86_400_000;
const CHECK_EVERY_MS = 86_400_000;
const LOCAL_PAGE = 50;
const SHOWN_MAX = 100;
const UNOPENED_MAX = 1_000;

export function createReconcilingActivities(deps: Dependencies) {
  const { pool, longPool = pool, provider, log } = deps;
  const { reconcileAll, applyNews, applyEnd } = createReconciler(deps);

  return {
    /**
     * Where to read on; `sinceMs` null: from the beginning. `check`: the whole ledger has not been checked for a day. A mark
     * in the future was made by a clock that was wrong: what was read then is not known.
     */
    async beginReconciliation(nowMs: number): Promise<BegunReconciliation> {
      const { scannedUntilMs, checkedAtMs, ...postgres } = await readMarks(pool);
      const untilMs = Math.min(nowMs, postgres.nowMs);
      const sinceScan = scannedUntilMs === null ? null : untilMs - scannedUntilMs;
      const isUseless = sinceScan === null || sinceScan > EVENTS_MS_MAX || sinceScan < -OVERLAP_MS;
      const run = randomUUID();
      await beginRun(pool, run);
      return {
        run,
        untilMs,
        sinceMs: isUseless ? null : scannedUntilMs! - OVERLAP_MS,
        check: checkedAtMs === null || Math.abs(postgres.nowMs - checkedAtMs) > CHECK_EVERY_MS,
      };
    },

    /** Stripe's events that nobody has acted on yet; several about one payment need one look. */
    async reconcileEvents({ after, sinceMs, nowMs }: PageRequest): Promise<ReconciledPage> {
      const { items, next } = await provider.listNews(sinceMs, after);
      const known = await listKnownEvents(
        pool,
        items.map(({ eventId }) => eventId),
      );
      const fresh = items.filter(({ eventId }) => !known.has(eventId));
      const page = await reconcileAll(intentsIn(fresh), nowMs);
      for (const news of fresh) {
        const { applied, repairs } =
          'paymentIntentId' in news
            ? { applied: nothingOfOurs('reconciled'), repairs: [] }
            : await applyNews(news, nowMs);
        page.repairs.push(...repairs);
        // Foreign to reconciliation, it is so: each run need not look again.
        if (applied !== null)
          await recordEvent(pool, news, applied.outcome === 'foreign' ? nothingOfOurs('reconciled') : applied);
      }
      return { next, events: fresh.length, ...page };
    },

    /** The first time: every PaymentIntent of ours at Stripe. */
    async reconcileIntents({ after, nowMs }: PageRequest): Promise<ReconciledPage> {
      const { items, next } = await provider.listOurIntents(after);
      return { next, events: 0, ...(await reconcileAll(items, nowMs)) };
    },

    /** What is not final here, what was credited since, and what could not be explained before. */
    async reconcileLocal({ after, sinceMs, nowMs }: PageRequest): Promise<ReconciledPage> {
      const ids = await listIntentsToCheck(pool, sinceMs, after ?? '', LOCAL_PAGE);
      return { next: ids.length < LOCAL_PAGE ? null : ids.at(-1)!, events: 0, ...(await reconcileAll(ids, nowMs)) };
    },

    /** Checkout pages whose end was never told, and first of all prepayments that never had one. */
    async reconcileCheckouts({ after, nowMs }: PageRequest): Promise<ReconciledPage> {
      const repairs = after === null ? await endUnopenedCheckouts(deps, nowMs) : [];
      const ids = await listOpenCheckouts(pool, after ?? '', LOCAL_PAGE);
      for (const id of ids) repairs.push(...(await applyEnd(id, nowMs)));
      return { next: ids.length < LOCAL_PAGE ? null : ids.at(-1)!, events: 0, payments: ids.length, repairs };
    },

    /**
     * Ledger and usage against their invariants, with the sums over all accounts.
     * @param _nowMs for a worker of the release before, which goes by it
     */
    async checkLedger(_nowMs: number): Promise<LedgerCheck> {
      const check = await checkLedger(longPool, SHOWN_MAX);
      for (const { accountId: account, ...violation } of check.violations)
        log.error({ account, ...violation }, 'the ledger is not right: an operator must look at it');
      return check;
    },

    /**
     * Everything up to `untilMs` was looked at. Null where the database was put back to a backup meanwhile: the mark stays
     * where the backup has it, and the caller begins again. A run that an earlier release has begun leaves the mark.
     */
    async endReconciliation(untilMs: number, run?: string): Promise<ReconcileReport['unexplained'] | null> {
      const unexplained = await listUnexplained(pool, SHOWN_MAX);
      // At last, and as often as it is asked: a call whose answer is lost must not look like a restore.
      return run === undefined || (await endRun(pool, run, untilMs)) ? unexplained : null;
    },
  };
}

/** Prepayments whose page never came to be; of very many the next run ends the rest. */
async function endUnopenedCheckouts(deps: Dependencies, nowMs: number): Promise<Repair[]> {
  const repairs: Repair[] = [];
  for (const payment of await listUnopenedCheckouts(deps.pool, UNOPENED_MAX))
    if (await apart(deps, payment.id, () => endUnopened(deps, payment, nowMs)))
      repairs.push({ kind: 'noted', accountId: payment.accountId, about: payment.id });
  return repairs;
}

/** The PaymentIntents that the news are about, each once. */
const intentsIn = (all: readonly PaymentNews[]): Set<string> =>
  new Set(
    all.flatMap((news) => ('paymentIntentId' in news && news.paymentIntentId !== null ? [news.paymentIntentId] : [])),
  );
