/** Calls to the payment provider, as spans of whatever makes them. */
import type { Tracing } from './spans';

type Watch = <T>(operation: string, call: () => Promise<T>) => Promise<T>;

/** @param watch what else takes note of them */
export function traceCalls(tracing: Tracing | undefined, watch: Watch): Watch {
  if (!tracing) return watch;
  return (operation, call) =>
    watch(operation, () =>
      tracing.span(`stripe ${operation}`, { kind: 'client' }, async (note) => {
        const result = await call();
        const { kind } = (result ?? {}) as { kind?: unknown };
        if (typeof kind === 'string') note({ 'stripe.outcome': kind });
        return result;
      }),
    );
}
