/** The API, put together: several can run in one process, each with its own connections. */
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AddressInfo } from 'node:net';
import type { Client } from '@temporalio/client';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type Stripe from 'stripe';
import type { FileStore } from '../batches/fileStore';
import type { Policy } from '../domain/accountState';
import { createClock } from '../ledger/clock';
import { openPool } from '../ledger/db';
import type { StalePolicy } from '../domain/gate';
import type { InvitationLinks } from '../notices/invitationLink';
import type { SignInLinks } from '../notices/signInLink';
import type { ConfirmationLinks } from '../payments/confirmationLink';
import { createClaims } from '../stripe/claims';
import { createProvider } from '../stripe/provider';
import { createKeyring } from './http/auth';
import { createPulse } from './http/pulse';
import { createCallerAddress, keepAddresses } from './http/callerAddress';
import { createDispatch } from './http/dispatch';
import { consolePages } from './http/consolePages';
import { createExpress } from './http/express';
import { createFixedRoutes } from './http/fixedRoutes';
import { createForward, type Forward } from './http/forward';
import { createGateCache, FAIL_CLOSED } from './gate/gateCache';
import { createGateStreams } from './gate/gateStream';
import { answerHot, createHotPath, type HotPath } from './gate/hotPath';
import { inTurn } from './http/inTurn';
import { toOpenApi } from './http/openapi';
import { pages } from './http/pages';
import { createRateLimiter } from './http/rateLimiter';
import { createSessionCookies } from './http/sessionCookie';
import { answerPlainRequests, type PlainConnections } from './raw/plainConnection';
import { createPriceBook } from '../usage/priceBook';
import { routes } from './routes';
import type { Services } from './services';
import { createAccountStreams } from './stream/accountStreams';
import { createSignals } from './signals/signals';
import { signalPosition } from './signals/signalPosition';
import { createUsagePosting } from './usage/usagePosting';

export type ApiDeps = {
  pool: Pool;
  /** For the connection that listens for gate changes. */
  databaseUrl: string;
  temporal: Client;
  stripe: Stripe;
  /** Signs what PaymentIntents say of our payments; the worker's is the same. */
  claimSecret: string;
  policy: Policy;
  /** What gates say when they have lost their feed. @default fail_closed after 10 s */
  gatePolicy?: StalePolicy;
  links: ConfirmationLinks;
  invitations: InvitationLinks;
  signIns: SignInLinks;
  /** Where people reach the console: the base of the links, too. */
  publicUrl: string;
  /** Members of an account at most. @default 50 */
  membersMax?: number;
  /** Where people look at workflows. @default nowhere, in the namespace `default` */
  temporalUi?: { namespace: string; uiUrl: string | null };
  /** Where files of batches and datasets lie. */
  files: FileStore;
  /** Another API process that serves files and batches, so that they take nothing of this one (L5). @default this one does */
  batchesUrl?: string | undefined;
  log: Logger;
  /** Secrets that Stripe may sign its events with. @default none, so that no event is taken */
  stripeWebhookSecrets?: readonly string[];
  /** Webhooks may go to private addresses and by http. @default false */
  allowPrivateWebhooks?: boolean;
  /** Answers must fit their schemas too. @default false */
  checkReplies?: boolean;
  /** Proxies whose X-Forwarded-For is believed. @default none: the socket's address counts */
  trustedProxies?: readonly string[];
  /** The folder of the built console. @default none: a start page stands in its place */
  consoleDir?: string | undefined;
  /** Gates are answered on the connection itself, before node:http (api/raw). @default false */
  rawGates?: boolean;
  /** This process's own clock, which may be wrong: the database's is measured against it. @default Date.now */
  now?: () => number;
};

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
/** Of keys and single gates, for which nobody is to wait: on connections of their own, which are given up when they fall silent. */
const LOOKUP_CONNECTIONS = 2;
const LOOKUP_MS_MAX = 2_000;

export function createApi({
  pool,
  databaseUrl,
  temporal,
  stripe,
  claimSecret,
  policy,
  gatePolicy = FAIL_CLOSED,
  links,
  invitations,
  signIns,
  publicUrl,
  membersMax = 50,
  temporalUi = { namespace: 'default', uiUrl: null },
  files,
  batchesUrl,
  log,
  stripeWebhookSecrets = [],
  allowPrivateWebhooks = false,
  checkReplies = false,
  trustedProxies = [],
  consoleDir,
  rawGates = false,
  now = Date.now,
}: ApiDeps): Api {
  const clock = createClock({ now });
  /** For durations: it never jumps. */
  const elapsed = (): number => performance.now();
  const lookups = openPool(databaseUrl, {
    connectionsMax: LOOKUP_CONNECTIONS,
    queryMsMax: LOOKUP_MS_MAX,
    applicationName: 'ballast-lookups',
    onIdleError: (error) => log.warn({ err: error }, 'a database connection for lookups was lost'),
  });
  const pulse = createPulse();
  const gates = createGateCache({ pool, lookups, pulse, databaseUrl, log, clock, policy: gatePolicy });
  const accountStreams = createAccountStreams({ pool, log, now: clock.now });
  const prices = createPriceBook(pool, log, elapsed);
  const signals = createSignals(temporal, log, elapsed);
  const posting = createUsagePosting({
    pool,
    prices,
    gates,
    log,
    now: clock.now,
    onPosted(position) {
      signalPosition(position, { gates, signals });
      accountStreams.poke(position.accountId);
    },
  });
  const keyring = createKeyring(lookups, elapsed, gatePolicy, pulse);
  const gateStreams = createGateStreams({ pool, gates, log, now: clock.now });
  const hotPath = createHotPath({ gates, keyring });
  const { server, isIdle } = createHttpServer(
    {
      pool,
      temporal,
      provider: createProvider(stripe, createClaims(claimSecret)),
      policy,
      links,
      invitations,
      signIns,
      membersMax,
      stripeWebhookSecrets,
      log,
      clock,
      keyring,
      cookies: createSessionCookies(publicUrl),
      limiter: createRateLimiter(pool),
      gates,
      gateStreams,
      accountStreams,
      prices,
      signals,
      posting,
      temporalUi,
      files,
      allowPrivateWebhooks,
    },
    {
      hotPath,
      forward: batchesUrl === undefined ? null : createForward(batchesUrl, log),
      checkReplies,
      trustedProxies,
      consoleDir,
    },
  );
  const plain = rawGates ? answerPlainRequests(server, hotPath) : null;

  return {
    async listen(port, host) {
      await gates.start();
      server.listen(port, host);
      await once(server, 'listening');
      return { port: (server.address() as AddressInfo).port };
    },
    async close() {
      gateStreams.close();
      await accountStreams.close();
      if (server.listening) await drain(server, plain, isIdle);
      await posting.idle();
      await signals.close();
      prices.close();
      await keyring.close();
      await gates.close();
      await lookups.end();
    },
  };
}

type HttpOptions = {
  hotPath: HotPath;
  forward: Forward | null;
  checkReplies: boolean;
  trustedProxies: readonly string[];
  consoleDir: string | undefined;
};

function createHttpServer(
  services: Services,
  { hotPath, forward, checkReplies, trustedProxies, consoleDir }: HttpOptions,
): { server: Server; isIdle: () => boolean } {
  const { keyring, cookies, limiter, log } = services;
  const addressOf = createCallerAddress(trustedProxies);
  const dispatch = createDispatch({ services, keyring, cookies, limiter, addressOf, log, checkReplies });
  const fixedRoutes = createFixedRoutes(routes, dispatch);
  const app = createExpress(routes, dispatch, [
    ...(consoleDir === undefined ? [] : [consolePages(consoleDir)]),
    pages(toOpenApi(routes)),
  ]);
  const server = createServer(
    inTurn((request, response) => {
      const answered =
        answerHot(hotPath, request, response) || forward?.(request, response) || fixedRoutes(request, response);
      if (!answered) app(request, response);
    }),
  );
  keepAddresses(server);
  server.headersTimeout = HEADERS_MS_MAX;
  server.requestTimeout = 0;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  return { server, isIdle: dispatch.isIdle };
}

/** Until every connection is closed, and every handler has ended: one whose caller has gone still asks database and Temporal. */
async function drain(server: Server, plain: PlainConnections | null, isIdle: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + DRAIN_MS_MAX;
  const closed = once(server, 'close');
  server.close();
  // A connection that was kept alive is idle once its last request is answered.
  const sweep = setInterval(() => (server.closeIdleConnections(), plain?.closeIdle()), 50);
  const cutOff = setTimeout(() => (server.closeAllConnections(), plain?.closeAll()), DRAIN_MS_MAX);
  await closed;
  clearInterval(sweep);
  clearTimeout(cutOff);
  while (!isIdle() && performance.now() < deadlineMs) await sleep(10);
}
