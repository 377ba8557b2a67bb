/** The Stripe SDK as Ballast uses it: one client, bounded calls, no hidden retries where money moves. */
import Stripe from 'stripe';

export type StripeOptions = {
  secretKey: string;
  /** Another server that speaks Stripe's API, such as the simulator; default: Stripe itself. */
  apiBase?: string | undefined;
  /** No call waits longer, whatever it asks for itself. @default 20 s */
  timeoutMs?: number;
};

/** Stays under the 60 s a charge activity may take, with a look afterwards. */
const TIMEOUT_MS = 20_000;

/**
 * No retries by the SDK: Stripe keeps even a 500 under its idempotency key, so an unknown outcome is read from the
 * PaymentIntent and only then tried again, under the next key (A9).
 */
export function createStripe({ secretKey, apiBase, timeoutMs = TIMEOUT_MS }: StripeOptions): Stripe {
  const base = apiBase ? new URL(apiBase) : null;
  return new Stripe(secretKey, {
    timeout: timeoutMs,
    httpClient: boundedHttp(timeoutMs),
    maxNetworkRetries: 0,
    telemetry: false,
    ...(base && {
      host: base.hostname,
      port: base.port || (base.protocol === 'https:' ? 443 : 80),
      protocol: base.protocol === 'https:' ? 'https' : 'http',
    }),
  });
}

function boundedHttp(timeoutMs: number): Stripe.HttpClient {
  const http: Stripe.HttpClient = Stripe.createNodeHttpClient();
  const makeRequest = http.makeRequest.bind(http);
  http.makeRequest = (host, port, path, method, headers, body, protocol, askedMs) =>
    makeRequest(host, port, path, method, headers, body, protocol, Math.min(askedMs, timeoutMs));
  return http;
}
