// Composition root of the Stripe simulator: one HTTP server for the API, the hosted pages and the switches.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type NextFunction, type Request, type Response } from 'express';
import { createApi, type Log } from './api';
import { createControl } from './control';
import { Faults } from './faults';
import { OwedEvents } from './owedEvents';
import { createPages } from './pages';
import { RequestLog } from './requestLog';
import { Store } from './store';
import type { Environment } from './transaction';
import { WebhookSender, type WebhookTarget } from './webhooks';

export type StripeSimulatorOptions = {
  host: '127.0.0.1';
  /** 0 takes any free port. */
  port: number;
  /** A database of Postgres, in which the simulator makes a schema of its own for its state. */
  databaseUrl: string;
  /** @default stripe_simulator */
  schema?: string;
  webhook?: WebhookTarget;
  /** Without it, every key that begins with `sk_test_` is taken. */
  secretKey?: string;
  log?: Log;
};

export type StripeSimulator = { url: string; port: number; stop(): Promise<void> };

const SILENT: Log = { error: () => undefined };
const FORGET_EVERY_MS = 60 * 60 * 1_000;

export async function startStripeSimulator(options: StripeSimulatorOptions): Promise<StripeSimulator> {
  const log = options.log ?? SILENT;
  const store = await Store.open(options.databaseUrl, options.schema);
  const server = createServer();
  const url = await listen(server, options).catch(async (error: unknown) => {
    await store.close();
    throw error;
  });
  const owed = new OwedEvents(store);
  await owed.releaseAll();
  const webhooks = new WebhookSender(owed, options.webhook ?? null);
  const environment: Environment = { store, baseUrl: url, webhooks };
  const faults = new Faults();
  const requests = new RequestLog();
  const app = express();
  app.disable('x-powered-by').disable('etag');
  app.use(express.text({ type: () => true, limit: '1mb' }));
  app.use('/_sim', createControl({ environment, faults, requests, webhooks, owed }));
  app.use(createPages(environment));
  app.use(createApi({ environment, faults, requests, secretKey: options.secretKey, log }));
  app.use((error: unknown, request: Request, response: Response, _next: NextFunction) => {
    log.error({ err: error, url: request.url }, 'the simulator failed');
    if (!response.headersSent) response.status(500).json({ error: { type: 'api_error', message: String(error) } });
  });
  server.on('request', app);
  webhooks.pump();
  const forgetting = setInterval(() => void store.forgetOld().catch(() => undefined), FORGET_EVERY_MS).unref();
  return {
    url,
    port: (server.address() as AddressInfo).port,
    async stop() {
      clearInterval(forgetting);
      webhooks.stop();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        // Connections that a fault left hanging would keep it open for ever.
        server.closeAllConnections();
      });
      await store.close();
    },
  };
}

function listen(server: Server, { host, port }: StripeSimulatorOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve(`http://${host}:${(server.address() as AddressInfo).port}`));
  });
}
