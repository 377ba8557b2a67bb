/** What handlers work with, put together: once for each API, with connections of its own. */
import type { Client } from '@temporalio/client';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type Stripe from 'stripe';
import type { FileStore } from '../batches/fileStore';
import { FULL_SPEED, type Pace } from '../batches/pace';
import { DEFAULT_ACCOUNT_LIMITS, type AccountLimits } from '../domain/accountLimits';
import type { Policy } from '../domain/accountState';
import { DEFAULT_BOUNDS, type SettingsBounds } from '../domain/autoReload';
import { createClock } from '../ledger/clock';
import { openConnections, openPool } from '../ledger/db';
import type { StalePolicy } from '../domain/gate';
import type { InvitationLinks } from '../notices/invitationLink';
import type { SignInLinks } from '../notices/signInLink';
import type { ConfirmationLinks } from '../payments/confirmationLink';
import { createClaims } from '../stripe/claims';
import { createProvider } from '../stripe/provider';
import { watchProvider } from '../stripe/watch';
import { createMetrics, type Metrics } from '../telemetry/metrics';
import type { Tracing } from '../telemetry/spans';
import { traceCalls } from '../telemetry/stripeTraces';
import { createKeyring } from './http/auth';
import { createPulse } from './http/pulse';
import { createGateCache, FAIL_CLOSED } from './gate/gateCache';
import { createGateStreams } from './gate/gateStream';
import { createRateLimiter } from './http/rateLimiter';
import { createSessionCookies } from './http/sessionCookie';
import { createPriceBook } from '../usage/priceBook';
import { createAccountStreams } from './stream/accountStreams';
import { createSignals } from './signals/signals';
import { signalPosition } from './signals/signalPosition';
import { createUsagePosting } from './usage/usagePosting';
import { keepBusyFile, type BusyFile } from './gate/busyFile';
import { createHotPath, type CountedHotPath, type HotPath } from './gate/hotPath';
import { addApiGauges, createApiCounts, type ApiCounts } from './metrics';
import type { Services } from './services';

export type ApiDeps = {
  pool: Pool;
  /** For the connection that listens for gate changes. */
  databaseUrl: string;
  temporal: Client;
  stripe: Stripe;
  /** Signs what PaymentIntents say of our payments; the worker's is the same. */
  claimSecret: string;
  policy: Policy;
  /** What owners can choose for auto-reload. @default the product's presets and ranges (A2) */
  bounds?: SettingsBounds;
  /** What gates say when they have lost their feed. @default fail_closed after 10 s */
  gatePolicy?: StalePolicy;
  links: ConfirmationLinks;
  invitations: InvitationLinks;
  signIns: SignInLinks;
  /** Where people reach the console: the base of the links, too. */
  publicUrl: string;
  /** How many of each thing an account may have. @default the product's own */
  accountLimits?: AccountLimits;
  /** Where people look at workflows. @default nowhere, in the namespace `default` */
  temporalUi?: { namespace: string; uiUrl: string | null };
  /** Where files of batches and datasets lie. */
  files: FileStore;
  /** How fast batches go. @default as fast as they can */
  pace?: Pace | undefined;
  /** A file to touch while gates and usage are asked. @default none */
  gatesBusyFile?: string | undefined;
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
  /** The folder of the built console. @default none: a start page is served instead */
  consoleDir?: string | undefined;
  /** Where this API's numbers are kept. @default some of its own */
  metrics?: Metrics;
  /** Where its traces are made. @default there are none */
  tracing?: Tracing | undefined;
  /** This process's own clock, which may be wrong: the database's is measured against it. @default Date.now */
  now?: () => number;
};

/** Of keys and single gates, for which nobody is to wait: on connections of their own, which are given up when they fall silent. */
const LOOKUP_CONNECTIONS = 2;
const LOOKUP_MS_MAX = 2_000;

export type Composition = {
  services: Services;
  hotPath: HotPath;
  counts: ApiCounts;
  /** Resolves once all gates are known. */
  start(): Promise<void>;
  /** First: no connection would end while a stream is open. */
  endStreams(): Promise<void>;
  /** Last, when nothing more is asked: usage and signals under way are waited for. */
  close(): Promise<void>;
};

const openLookups = (databaseUrl: string, log: Logger): Pool =>
  openPool(databaseUrl, {
    connectionsMax: LOOKUP_CONNECTIONS,
    queryMsMax: LOOKUP_MS_MAX,
    keepIdle: true,
    applicationName: 'ballast-lookups',
    onIdleError: (error) => log.warn({ err: error }, 'a database connection for lookups was lost'),
  });

export function composeServices(deps: ApiDeps): Composition {
  const { pool, databaseUrl, log, publicUrl, gatePolicy = FAIL_CLOSED } = deps;
  const clock = createClock({ now: deps.now ?? Date.now });
  /** For durations: it never jumps. */
  const elapsed = (): number => performance.now();
  const lookups = openLookups(databaseUrl, log);
  const metrics = deps.metrics ?? createMetrics('api', '');
  const counts = createApiCounts(metrics);
  const pulse = createPulse();
  const gates = createGateCache({ pool, lookups, pulse, databaseUrl, log, clock, policy: gatePolicy });
  const accountStreams = createAccountStreams({ pool, log, now: clock.now });
  const prices = createPriceBook(pool, log, { now: deps.now ?? Date.now });
  const signals = createSignals(deps.temporal, log, elapsed, counts.onSignalled);
  const posting = createUsagePosting({
    pool,
    prices,
    gates,
    log,
    clock,
    counts: counts.usage,
    tracing: deps.tracing,
    onPosted: (position) => signalPosition(position, { gates, signals }),
  });
  const keyring = createKeyring(lookups, elapsed, gatePolicy, pulse);
  const gateStreams = createGateStreams({ pool, gates, log, now: clock.now });
  const hotPath = createHotPath({ gates, keyring });
  const services: Services = {
    ...given(deps),
    provider: createWatchedProvider(deps, counts),
    counts: counts.payments,
    metrics,
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
  };
  const measured = { gates, hotPath, gateStreams, posting, signals, pools: { main: pool, lookups } };
  addApiGauges(metrics, { ...measured, clock });
  const busyFile = openBusyFile(deps, counts, hotPath);

  return {
    services,
    hotPath,
    counts,
    async start() {
      // To open one takes several times as long as a lookup, for which nobody waits longer than half a second.
      await openConnections(lookups);
      await gates.start();
    },
    async endStreams() {
      gateStreams.close();
      await accountStreams.close();
    },
    async close() {
      busyFile?.close();
      await posting.idle();
      await signals.close();
      prices.close();
      await keyring.close();
      await gates.close();
      await lookups.end();
    },
  };
}

function openBusyFile(
  { gatesBusyFile, log }: ApiDeps,
  counts: ApiCounts,
  { answered }: Pick<CountedHotPath, 'answered'>,
): BusyFile | null {
  if (gatesBusyFile === undefined) return null;
  return keepBusyFile(
    gatesBusyFile,
    () => counts.asked() + Object.values(answered).reduce((sum, count) => sum + count, 0),
    (error) => log.warn({ err: error }, 'GATES_BUSY_FILE can not be touched: batches do not slow down'),
  );
}

/** Stripe, with each call counted, and a span where there are traces. */
const createWatchedProvider = ({ stripe, claimSecret, tracing }: ApiDeps, { watchStripe }: ApiCounts) =>
  watchProvider(createProvider(stripe, createClaims(claimSecret)), traceCalls(tracing, watchStripe));

/** The services that come from outside, with what is taken where nothing is said. */
function given(deps: ApiDeps) {
  return {
    pool: deps.pool,
    temporal: deps.temporal,
    policy: deps.policy,
    bounds: deps.bounds ?? DEFAULT_BOUNDS,
    links: deps.links,
    invitations: deps.invitations,
    signIns: deps.signIns,
    accountLimits: deps.accountLimits ?? DEFAULT_ACCOUNT_LIMITS,
    stripeWebhookSecrets: deps.stripeWebhookSecrets ?? [],
    log: deps.log,
    temporalUi: deps.temporalUi ?? { namespace: 'default', uiUrl: null },
    files: deps.files,
    pace: deps.pace ?? FULL_SPEED,
    servesFiles: deps.batchesUrl === undefined,
    allowPrivateWebhooks: deps.allowPrivateWebhooks ?? false,
  } satisfies Partial<Services>;
}
