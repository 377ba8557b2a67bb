/** How long the payment provider takes to answer, and how often it does not. */
import { SECONDS, type Metrics } from './metrics';

/** Takes note of each call: a command whose outcome is not known has not been answered either. */
export function addStripeMetrics(metrics: Metrics): <T>(operation: string, call: () => Promise<T>) => Promise<T> {
  const seconds = metrics.histogram(
    'ballast_stripe_call_seconds',
    'Calls to Stripe by what was asked, and whether it answered; a decline is an answer.',
    { buckets: SECONDS, labels: ['operation', 'outcome'] },
  );
  return async (operation, call) => {
    const startedMs = performance.now();
    const note = (outcome: 'answered' | 'unanswered'): void =>
      seconds.observe({ operation, outcome }, (performance.now() - startedMs) / 1_000);
    try {
      const result = await call();
      note((result as { kind?: string } | null | undefined)?.kind === 'unknown' ? 'unanswered' : 'answered');
      return result;
    } catch (error) {
      note('unanswered');
      throw error;
    }
  };
}
