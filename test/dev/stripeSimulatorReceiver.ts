// A webhook endpoint for tests: keeps what it is sent and answers as it is told.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Stripe from 'stripe';
import { until } from '../support/notices';

export const WEBHOOK_SECRET = 'whsec_test';

export type Receiver = {
  url: string;
  /** What arrived, in order; each was verified as the SDK verifies it. */
  events: Stripe.Event[];
  /** The status of the answers from now on. */
  answer: (status: number) => void;
  /** Waits until a number of events has arrived. */
  arrived: (count: number) => Promise<Stripe.Event[]>;
  stop: () => Promise<void>;
};

export async function startReceiver(port = 0): Promise<Receiver> {
  const events: Stripe.Event[] = [];
  let status = 200;
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      events.push(Stripe.webhooks.constructEvent(body, request.headers['stripe-signature'] as string, WEBHOOK_SECRET));
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    events,
    answer: (next) => (status = next),
    arrived: (count) =>
      until(
        () => events,
        ({ length }) => length >= count,
      ),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
