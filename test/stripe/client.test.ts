/** The SDK as Ballast uses it, against a server that takes a call and never answers. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createStripe } from '../../stripe/client';

test('P1 no call waits longer than the client, whatever the call itself would wait', async () => {
  const silent = createServer(() => undefined).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const apiBase = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const stripe = createStripe({ secretKey: 'sk_test_client', apiBase, timeoutMs: 100 });
  const startedMs = performance.now();
  await expect(stripe.customers.list({}, { timeout: 60_000 })).rejects.toThrow('timeout');
  expect(performance.now() - startedMs).toBeLessThan(30_000);
  silent.closeAllConnections();
  silent.close();
});
