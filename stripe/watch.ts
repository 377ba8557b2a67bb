/** Watches every call to the payment provider from outside: for metrics and traces. */
import type { PaymentProvider } from './port';

/** Runs a call, and takes note of it. `operation` is the name of the port's function, such as `confirmIntent`. */
export type CallWatch = <T>(operation: string, call: () => Promise<T>) => Promise<T>;

/** `readEvent` is left as it is: it asks nobody. */
export function watchProvider(provider: PaymentProvider, watch: CallWatch): PaymentProvider {
  const watched = Object.entries(provider).map(([operation, call]) => [
    operation,
    operation === 'readEvent'
      ? call
      : (...given: unknown[]) => watch(operation, () => (call as (...all: unknown[]) => Promise<unknown>)(...given)),
  ]);
  return Object.fromEntries(watched) as PaymentProvider;
}
