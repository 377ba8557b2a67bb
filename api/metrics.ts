/** The metrics of an API process: what each means stands in docs/metrics.md. Labels are of fixed sets, never accounts. */
import type { Pool } from 'pg';
import { SECONDS, type Metrics, type Sample } from '../telemetry/metrics';
import { addClockMetrics } from '../telemetry/clockMetrics';
import { addPoolMetrics } from '../telemetry/poolMetrics';
import { addStripeMetrics } from '../telemetry/stripeMetrics';
import type { Clock } from '../ledger/clock';
import type { PaymentCounts } from '../payments/deps';
import { addPaymentMetrics } from '../telemetry/paymentMetrics';
import type { GateCache } from './gate/gateCache';
import type { GateStreams } from './gate/gateStream';
import type { CountedHotPath } from './gate/hotPath';
import type { OnAnswered } from './http/dispatch';
import type { OnSignalled, Signals } from './signals/signals';
import type { UsageCounts, UsagePosting } from './usage/usagePosting';

/** What the parts of an API tell while they work. */
export type ApiCounts = {
  usage: UsageCounts;
  payments: PaymentCounts;
  onAnswered: OnAnswered;
  onSignalled: OnSignalled;
  watchStripe: ReturnType<typeof addStripeMetrics>;
};

/** What is read of them when somebody asks. */
export type ApiParts = {
  pools: Record<'main' | 'lookups', Pool>;
  gates: Pick<GateCache, 'table' | 'asOf'>;
  hotPath: Pick<CountedHotPath, 'answered'>;
  gateStreams: Pick<GateStreams, 'openCount'>;
  posting: Pick<UsagePosting, 'waiting'>;
  signals: Pick<Signals, 'outstanding'>;
  clock: Pick<Clock, 'now' | 'skewMs'>;
};

const COMMIT_EVENTS = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000];
const NANO_PER_USD = 1e9;

export function createApiCounts(metrics: Metrics): ApiCounts {
  const answers = metrics.histogram('ballast_http_request_seconds', 'Answers of routes, by route and status.', {
    buckets: [0.005, 0.025, 0.1, 0.5, 2.5, 10],
    labels: ['method', 'route', 'status'],
  });
  const signals = metrics.histogram('ballast_signal_seconds', 'Signals to workflows, until Temporal took them.', {
    buckets: SECONDS,
    labels: ['outcome'],
  });
  return {
    usage: createUsageCounts(metrics),
    payments: addPaymentMetrics(metrics),
    onAnswered: ({ method, path }, status, seconds) => answers.observe({ method, route: path, status }, seconds),
    onSignalled: (taken, seconds) => signals.observe({ outcome: taken ? 'taken' : 'failed' }, seconds),
    watchStripe: addStripeMetrics(metrics),
  };
}

function createUsageCounts(metrics: Metrics): UsageCounts {
  const events = metrics.counter('ballast_usage_events_total', 'Usage events by what became of them.', [
    'outcome',
    'code',
  ]);
  const commitEvents = metrics.histogram('ballast_usage_commit_events', 'Usage events in one commit.', {
    buckets: COMMIT_EVENTS,
  });
  const commitSeconds = metrics.histogram('ballast_usage_commit_seconds', 'How long a commit of usage took.', {
    buckets: SECONDS,
  });
  const failures = metrics.counter('ballast_usage_commit_failures_total', 'Commits of usage that failed.');
  const deducted = metrics.counter('ballast_usage_deducted_usd_total', 'Dollars deducted for usage.');
  for (const outcome of ['accepted', 'duplicate']) events.inc({ outcome, code: '' }, 0);
  return {
    reported({ accepted, duplicates, rejected }) {
      if (accepted > 0) events.inc({ outcome: 'accepted', code: '' }, accepted);
      if (duplicates > 0) events.inc({ outcome: 'duplicate', code: '' }, duplicates);
      for (const { code } of rejected) events.inc({ outcome: 'rejected', code });
    },
    committed(count, seconds, costNano) {
      commitEvents.observe(count);
      commitSeconds.observe(seconds);
      deducted.inc(Number(costNano) / NANO_PER_USD);
    },
    failed: () => failures.inc(),
  };
}

export function addApiGauges(metrics: Metrics, parts: ApiParts): void {
  const { pools, gates, hotPath, gateStreams, posting, signals, clock } = parts;
  const byState = (counts: Readonly<Record<string, number>>): Sample[] =>
    Object.entries(counts).map(([state, count]) => [{ state }, count]);
  addPoolMetrics(metrics, pools);
  addClockMetrics(metrics, clock);
  metrics.countedElsewhere('ballast_gate_answers_total', 'Gates answered from memory, by state.', ['state'], () =>
    byState(hotPath.answered),
  );
  metrics.gauge('ballast_gates', 'Accounts by the state of their gate, as this process knows them.', ['state'], () =>
    byState(gates.table.counts()),
  );
  metrics.gauge(
    'ballast_gate_feed_lag_seconds',
    'Since this process held its gates against the database.',
    [],
    (): Sample[] => {
      const { ms } = gates.asOf();
      return Number.isFinite(ms) ? [[{}, Math.max(0, clock.now() - ms) / 1_000]] : [];
    },
  );
  const gauge = (name: string, help: string, read: () => number): void =>
    metrics.gauge(name, help, [], () => [[{}, read()]]);
  gauge('ballast_gate_streams', 'Open streams of gates.', gateStreams.openCount);
  gauge('ballast_usage_waiting_events', 'Usage events that wait for a commit.', posting.waiting);
  gauge('ballast_signals_outstanding', 'Signals on their way to Temporal.', signals.outstanding);
}
