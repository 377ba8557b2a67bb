/** The API, put together: several can run in one process, each with its own connections. */
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AddressInfo } from 'node:net';
import { composeServices, type ApiDeps } from './composition';
import { createCallerAddress, keepAddresses } from './http/callerAddress';
import { createDispatch } from './http/dispatch';
import { consolePages } from './http/consolePages';
import { createExpress } from './http/express';
import { createFixedRoutes } from './http/fixedRoutes';
import { createForward, type Forward } from './http/forward';
import { answerHot, type HotPath } from './gate/hotPath';
import { inTurn } from './http/inTurn';
import { toOpenApi } from './http/openapi';
import { forRequest } from './http/requestLog';
import { pages } from './http/pages';
import { refuseTarget } from './http/target';
import type { Tracing } from '../telemetry/spans';
import type { ApiCounts } from './metrics';
import { routes } from './routes';
import type { Services } from './services';

export type Api = {
  /** Begins to answer; resolves with the address once gates are known. Port 0 takes any that is free. */
  listen(port: number, host: string): Promise<{ port: number }>;
  /** Answers what was asked, then ends its own connections; the pool stays its owner's. */
  close(): Promise<void>;
};

/** What is not answered by then is cut off. */
const DRAIN_MS_MAX = 10_000;
/** A caller that sends its headers slower than this is not heard; bodies have limits of their own (http/body). */
const HEADERS_MS_MAX = 60_000;
const KEEP_ALIVE_MS = 65_000;
export function createApi(deps: ApiDeps): Api {
  const { services, hotPath, counts, start, endStreams, close } = composeServices(deps);
  const { batchesUrl, log, tracing, checkReplies = false, trustedProxies = [], consoleDir } = deps;
  const forward = batchesUrl === undefined ? null : createForward(batchesUrl, log);
  const http = { hotPath, counts, tracing, forward, checkReplies, trustedProxies, consoleDir };
  const { server, isIdle } = createHttpServer(services, http);
  keepAddresses(server);

  return {
    async listen(port, host) {
      await start();
      server.listen(port, host);
      await once(server, 'listening');
      return { port: (server.address() as AddressInfo).port };
    },
    async close() {
      await endStreams();
      if (server.listening) await drain(server, isIdle);
      await close();
    },
  };
}

type HttpOptions = {
  hotPath: HotPath;
  counts: ApiCounts;
  tracing: Tracing | undefined;
  forward: Forward | null;
  checkReplies: boolean;
  trustedProxies: readonly string[];
  consoleDir: string | undefined;
};

function createHttpServer(
  services: Services,
  { hotPath, counts, tracing, forward, checkReplies, trustedProxies, consoleDir }: HttpOptions,
): { server: Server; isIdle: () => boolean } {
  const { keyring, cookies, limiter, log } = services;
  const addressOf = createCallerAddress(trustedProxies);
  const { onAnswered } = counts;
  const http = { cookies, limiter, addressOf, log, checkReplies, onAnswered, tracing };
  const dispatch = createDispatch({
    services,
    servicesOf: (requestId, account) => forRequest(services, requestId, account),
    keyring,
    ...http,
  });
  const fixedRoutes = createFixedRoutes(routes, dispatch);
  const app = createExpress(routes, dispatch, [
    ...(consoleDir === undefined ? [] : [consolePages(consoleDir)]),
    pages(toOpenApi(routes), consoleDir),
  ]);
  const server = createServer(
    inTurn((request, response) => {
      const answered =
        answerHot(hotPath, request, response) ||
        refuseTarget(request, response) ||
        forward?.(request, response) ||
        fixedRoutes(request, response);
      if (!answered) app(request, response);
    }),
  );
  server.headersTimeout = HEADERS_MS_MAX;
  server.requestTimeout = 0;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  return { server, isIdle: dispatch.isIdle };
}

/** Until every connection is closed, and every handler has ended: one whose caller has gone still asks database and Temporal. */
async function drain(server: Server, isIdle: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + DRAIN_MS_MAX;
  const closed = once(server, 'close');
  server.close();
  // A connection that was kept alive is idle once its last request is answered.
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  const cutOff = setTimeout(() => server.closeAllConnections(), DRAIN_MS_MAX);
  await closed;
  clearInterval(sweep);
  clearTimeout(cutOff);
  while (!isIdle() && performance.now() < deadlineMs) await sleep(10);
}
