/** The metrics of an API process: what each means stands in docs/metrics.md. Labels are of fixed sets, never accounts. */
import { REJECTION_CODES } from '../domain/usageEvent';
import type { Pool } from 'pg';
import { SECONDS, type Metrics, type Sample } from '../telemetry/metrics';
import { addClockMetrics } from '../telemetry/clockMetrics';
import { addPoolMetrics } from '../telemetry/poolMetrics';
import { addStripeMetrics } from '../telemetry/stripeMetrics';
import type { Clock } from '../ledger/clock';
import type { PaymentCounts } from '../payments/deps';
import { addPaymentMetrics } from '../telemetry/paymentMetrics';
import { addUsageMetrics } from '../telemetry/usageMetrics';
import type { UsageCounts } from '../usage/postCounted';
import type { GateCache } from './gate/gateCache';
import type { GateStreams } from './gate/gateStream';
import type { CountedHotPath } from './gate/hotPath';
import type { OnAnswered } from './http/dispatch';
import type { OnSignalled, Signals } from './signals/signals';
import type { UsagePosting } from './usage/usagePosting';

/** What the parts of an API tell while they work. */
export type ApiCounts = {
  usage: UsageCounts;
  payments: PaymentCounts;
  onAnswered: OnAnswered;
  /** Answers that inference waits for, to callers whose key is good: gates that were not answered from memory, usage, holds. */
  asked(): number;
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

/** Routes on which inference waits. */
const OF_INFERENCE = new Set([
  '/v1/usage',
  '/v1/accounts/:id/gate',
  '/v1/authorize',
  '/v1/accounts/:id/holds',
  '/v1/accounts/:id/holds/:holdId/settle',
  '/v1/accounts/:id/holds/:holdId/release',
]);

/**
 * Whoever has no key is answered 401, 404 or 429, or 503 where the key can't be looked up: however often they ask, batches
 * are not slowed down by that.
 */
const isOfCaller = (status: number): boolean => status < 300 || [402, 403, 409].includes(status);

export function createApiCounts(metrics: Metrics): ApiCounts {
  const answers = metrics.histogram('ballast_http_request_seconds', 'Answers of routes, by route and status.', {
    buckets: [0.005, 0.025, 0.1, 0.5, 2.5, 10],
    labels: ['method', 'route', 'status'],
  });
  const signals = metrics.histogram('ballast_signal_seconds', 'Signals to workflows, until Temporal took them.', {
    buckets: SECONDS,
    labels: ['outcome'],
  });
  let asked = 0;
  return {
    asked: () => asked,
    usage: addUsageMetrics(metrics, REJECTION_CODES),
    payments: addPaymentMetrics(metrics),
    onAnswered({ method, path }, status, seconds) {
      if (OF_INFERENCE.has(path) && isOfCaller(status)) asked += 1;
      answers.observe({ method, route: path, status }, seconds);
    },
    onSignalled: (taken, seconds) => signals.observe({ outcome: taken ? 'taken' : 'failed' }, seconds),
    watchStripe: addStripeMetrics(metrics),
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
