// Composition root of the Stripe simulator: one HTTP server for the API, the hosted pages and the switches.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Api } from './api';
import { createControl, type Control } from './control';
import { API_VERSION } from './events';
import { Faults } from './faults';
import { readBody, send, sendJson, type Log } from './http';
import { createPages, isPage, type Pages } from './pages';
import { RequestLog } from './requestLog';
import { Store } from './store';
import type { Environment } from './transaction';
import { WebhookSender, type WebhookTarget } from './webhooks';

export type StripeSimulatorOptions = {
  host: '127.0.0.1';
  /** 0 takes any free port. */
  port: number;
  /** Where the state lies; null keeps it in memory only. */
  dataDir: string | null;
  webhook?: WebhookTarget;
  /** Without it, every key that begins with `sk_test_` is taken. */
  secretKey?: string;
  log?: Log;
};

export type StripeSimulator = { url: string; port: number; stop(): Promise<void> };

const SILENT: Log = { error: () => undefined, info: () => undefined };

export async function startStripeSimulator(options: StripeSimulatorOptions): Promise<StripeSimulator> {
  const log = options.log ?? SILENT;
  const store = await Store.open(options.dataDir);
  const server = createServer();
  const url = await listen(server, options);
  const webhooks = new WebhookSender(store, options.webhook ?? null);
  const environment: Environment = { store, baseUrl: url, webhooks };
  const faults = new Faults();
  const requests = new RequestLog();
  const api = new Api(environment, faults, requests, options.secretKey, log);
  const control = createControl({ environment, faults, requests, webhooks });
  const pages = createPages(environment);
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    answer({ api, control, pages, url }, request, response).catch((error: unknown) => {
      log.error({ err: error, url: request.url }, 'the simulator failed');
      if (!response.headersSent) sendJson(response, 500, { error: { type: 'api_error', message: String(error) } });
    });
  });
  webhooks.pump();
  return {
    url,
    port: (server.address() as AddressInfo).port,
    async stop() {
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

type Parts = { api: Api; control: Control; pages: Pages; url: string };

async function answer(
  { api, control, pages, url: baseUrl }: Parts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', baseUrl);
  const body = await readBody(request);
  if (url.pathname.startsWith('/_sim/')) return control(request, response, url, body);
  if (isPage(url.pathname)) return pages(request, response, url, body);
  const result = await api.handle(request, url, body);
  if (result === 'hang') return;
  if (result === 'reset') {
    request.socket.resetAndDestroy();
    return;
  }
  const version = request.headers['stripe-version'];
  send(response, result.status, result.body, {
    'stripe-version': typeof version === 'string' ? version : API_VERSION,
    ...result.headers,
  });
}
