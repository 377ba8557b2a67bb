/** The metrics of the worker: what activities tell, and what waits in Postgres. What each means stands in docs/metrics.md. */
import type { Pool } from 'pg';
import type { ActivityCounts } from '../activities/dependencies';
import { REJECTION_CODES } from '../domain/usageEvent';
import { readMoney, type MoneyState } from '../ledger/system/readMoney';
import { readSystem, type SystemState } from '../ledger/system/readSystem';
import type { MailOutcome } from '../notices/deliver';
import { SECONDS, type Metrics, type Sample } from '../telemetry/metrics';
import type { RelayCounts } from './relay';
import type { ArchiveCounts } from './usageArchive';
import { addPaymentMetrics } from '../telemetry/paymentMetrics';
import { addUsageMetrics } from '../telemetry/usageMetrics';

/** What the loops of a worker tell. */
export type WorkerCounts = {
  activities: ActivityCounts;
  mailed(outcome: MailOutcome): void;
  relay: RelayCounts;
  archived: ArchiveCounts;
};

/** One reading serves all gauges of a scrape, and several scrapes at once. */
const READ_MS_MIN = 5_000;

export function createWorkerCounts(metrics: Metrics): WorkerCounts {
  const reloads = metrics.counter('ballast_reloads_unpaid_total', 'Reloads that closed unpaid, and strikes.', [
    'outcome',
  ]);
  const webhooks = metrics.counter('ballast_webhook_tries_total', 'Tries to deliver a webhook.', ['outcome']);
  const webhookWaits = metrics.counter(
    'ballast_webhook_waits_total',
    'Webhooks that had to wait: too many tries were under way, or the endpoint does not answer.',
  );
  const mails = metrics.counter('ballast_mail_tries_total', 'Tries to send a mail.', ['outcome']);
  const repairs = metrics.counter('ballast_reconciliation_repairs_total', 'What reconciliation has put right.', [
    'kind',
  ]);
  const relayed = metrics.counter('ballast_relay_wakes_total', 'Workflows that had missed news, by whether woken.', [
    'outcome',
  ]);
  const begunAnew = metrics.counter(
    'ballast_workflows_begun_anew_total',
    'Workflows of accounts that could not be replayed and were begun anew from Postgres.',
  );
  // A counter that first appears with a 1 has not grown, for Prometheus: so each is there from the start.
  for (const outcome of ['strike', 'failed', 'canceled']) reloads.inc({ outcome }, 0);
  for (const outcome of ['delivered', 'put_off', 'failed', 'gone']) webhooks.inc({ outcome }, 0);
  for (const outcome of ['sent', 'put_off', 'failed']) mails.inc({ outcome }, 0);
  for (const kind of ['credited', 'taken_back', 'noted']) repairs.inc({ kind }, 0);
  let oldestSeenMs: number | null = null;
  metrics.gauge(
    'ballast_relay_lag_seconds',
    'For how long the relay has seen the oldest news that nobody folded.',
    [],
    // Of now, not of the last tick: while Temporal does not answer, a tick takes minutes.
    () => [[{}, oldestSeenMs === null ? 0 : (performance.now() - oldestSeenMs) / 1_000]],
  );
  let failingSinceMs: number | null = null;
  metrics.gauge('ballast_usage_archive_failing_seconds', 'For how long usage could not be archived.', [], () => [
    [{}, failingSinceMs === null ? 0 : (performance.now() - failingSinceMs) / 1_000],
  ]);
  return {
    activities: {
      ...addPaymentMetrics(metrics),
      usage: addUsageMetrics(metrics, REJECTION_CODES),
      reloadUnpaid: (outcome) => reloads.inc({ outcome }),
      webhookTried: (outcome) => webhooks.inc({ outcome }),
      webhookWaits: () => webhookWaits.inc(),
      repaired: (kind) => repairs.inc({ kind }),
      ended: addActivitySeconds(metrics),
    },
    mailed: (outcome) => mails.inc({ outcome }),
    relay: {
      oldestSeen: (sinceMs) => (oldestSeenMs = sinceMs),
      relayed(woken, failed) {
        relayed.inc({ outcome: 'woken' }, woken);
        relayed.inc({ outcome: 'failed' }, failed);
      },
      begunAnew: () => begunAnew.inc(),
    },
    archived: (isDone) => (failingSinceMs = isDone ? null : (failingSinceMs ?? performance.now())),
  };
}

/** All that the batches' worker counts. */
export function addActivitySeconds(metrics: Metrics): ActivityCounts['ended'] {
  const seconds = metrics.histogram('ballast_activity_seconds', 'Activities, by name and outcome.', {
    buckets: SECONDS,
    labels: ['activity', 'outcome'],
  });
  return (activity, outcome, took) => seconds.observe({ activity, outcome }, took);
}

type State = { system: SystemState; money: MoneyState };

/** What all processes have in common, so that one kind of process tells it; several workers tell the same. */
export function addLedgerGauges(metrics: Metrics, pool: Pool, now: () => number = () => performance.now()): void {
  let newest: { atMs: number; state: Promise<State> } | null = null;
  const read = (): Promise<State> => {
    if (newest && now() - newest.atMs < READ_MS_MIN) return newest.state;
    const state = Promise.all([readSystem(pool), readMoney(pool)]).then(([system, money]) => ({ system, money }));
    newest = { atMs: now(), state };
    return state;
  };
  const gauge = (name: string, help: string, labels: string[], samples: (state: State) => Sample[]): void =>
    metrics.gauge(name, help, labels, async () => samples(await read()));

  metrics.gauge('ballast_postgres_up', 'Whether Postgres answered the last reading of the queues.', [], async () => [
    [
      {},
      await read().then(
        () => 1,
        () => 0,
      ),
    ],
  ]);
  gauge('ballast_queue_length', 'Rows that wait to be acted on; 10,000 stands for more.', ['queue'], ({ system }) =>
    Object.entries(system.queues).map(([queue, { waiting }]) => [{ queue }, waiting]),
  );
  gauge('ballast_queue_oldest_seconds', 'How long the oldest has waited.', ['queue'], ({ system }) =>
    Object.entries(system.queues).map(([queue, { oldestSeconds }]) => [{ queue }, oldestSeconds ?? 0]),
  );
  gauge('ballast_reconciled_timestamp_seconds', 'When the books were last checked as a whole.', [], ({ system }) =>
    system.reconciledAt ? [[{}, system.reconciledAt.getTime() / 1_000]] : [],
  );
  gauge(
    'ballast_usage_months_missing',
    'Months, of this one and the next two, whose usage has no table of its own.',
    [],
    ({ system }) => [[{}, system.usageMonthsMissing]],
  );
  gauge(
    'ballast_ledger_violations',
    'Invariants that the last check of the whole ledger found broken.',
    [],
    ({ system }) => [[{}, system.violations]],
  );
  gauge('ballast_held_usd', 'Dollars that are held, by open holds and open batches.', ['by'], ({ money }) =>
    Object.entries(money.heldNano).map(([by, nano]) => [{ by }, Number(nano) / 1e9]),
  );
  gauge('ballast_credited_today_usd', 'Dollars credited since midnight UTC.', ['purpose'], ({ money }) =>
    Object.entries(money.creditedTodayCents).map(([purpose, cents]) => [{ purpose }, Number(cents) / 100]),
  );
  gauge('ballast_unexplained_payments', 'Differences that reconciliation can not explain.', ['kind'], ({ money }) =>
    money.unexplained.map(({ kind, count }) => [{ kind }, count]),
  );
  gauge('ballast_batches', 'Open batches.', ['status'], ({ money }) =>
    money.batches.map(({ status, count }) => [{ status }, count]),
  );
  gauge('ballast_batch_enqueued_tokens', 'Tokens that open batches have enqueued.', ['model'], ({ money }) =>
    money.enqueuedTokens.map(({ model, tokens }) => [{ model }, Number(tokens)]),
  );
}
