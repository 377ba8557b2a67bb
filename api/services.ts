/** What handlers work with: one set per API process. A handler is given those it names. */
import type { Client } from '@temporalio/client';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { FileStore } from '../batches/fileStore';
import type { Pace } from '../batches/pace';
import type { AccountLimits } from '../domain/accountLimits';
import type { Policy } from '../domain/accountState';
import type { SettingsBounds } from '../domain/autoReload';
import type { Clock } from '../ledger/clock';
import type { InvitationLinks } from '../notices/invitationLink';
import type { SignInLinks } from '../notices/signInLink';
import type { ConfirmationLinks } from '../payments/confirmationLink';
import type { PaymentCounts } from '../payments/deps';
import type { PaymentProvider } from '../stripe/port';
import type { Metrics } from '../telemetry/metrics';
import type { Keyring } from './http/auth';
import type { RateLimiter } from './http/rateLimiter';
import type { SessionCookies } from './http/sessionCookie';
import { endpointsWith } from './http/endpoint';
import type { GateCache } from './gate/gateCache';
import type { GateStreams } from './gate/gateStream';
import type { AccountStreams } from './stream/accountStreams';
import type { PriceBook } from '../usage/priceBook';
import type { Signals } from './signals/signals';
import type { UsagePosting } from './usage/usagePosting';

export type Services = {
  pool: Pool;
  temporal: Client;
  provider: PaymentProvider;
  policy: Policy;
  /** What owners can choose for auto-reload (A2). */
  bounds: SettingsBounds;
  /** Links to the page where owners confirm payments. */
  links: ConfirmationLinks;
  /** Links by which members confirm their addresses. */
  invitations: InvitationLinks;
  /** Links by which people sign in to the console. */
  signIns: SignInLinks;
  /** How many of each thing an account may have. */
  accountLimits: AccountLimits;
  /** Secrets that Stripe may sign its events with; none: no event is taken. */
  stripeWebhookSecrets: readonly string[];
  log: Logger;
  /** The database's time: for whatever is compared with times in rows, in events or in signatures. */
  clock: Clock;
  keyring: Keyring;
  cookies: SessionCookies;
  /** Counts what a line of the route table can't. */
  limiter: RateLimiter;
  gates: GateCache;
  gateStreams: GateStreams;
  accountStreams: AccountStreams;
  prices: PriceBook;
  signals: Signals;
  posting: UsagePosting;
  /** Where people look at workflows; null: nowhere. */
  temporalUi: { namespace: string; uiUrl: string | null };
  /** Where files of batches and datasets lie. */
  files: FileStore;
  /** How fast batches go. */
  pace: Pace;
  /** False in a process that hands files and batches on to another one. */
  servesFiles: boolean;
  /** What is counted of payments. */
  counts: PaymentCounts;
  metrics: Pick<Metrics, 'text' | 'contentType'>;
  /** The deployment lets webhooks go to private addresses and by http. */
  allowPrivateWebhooks: boolean;
};

/** Some of them, for functions that several handlers share. */
export type Uses<Names extends keyof Services> = Pick<Services, Names>;

/** What it takes to find out from Stripe what has become of a payment, and to make it known. */
export const forPayments = [
  'pool',
  'provider',
  'policy',
  'accountLimits',
  'gates',
  'signals',
  'log',
  'clock',
  'counts',
] as const;
export type PaymentServices = Uses<(typeof forPayments)[number]>;

/** Writes an endpoint: `endpoint({ uses: ['pool'], replies: { 200: … }, handle: (call, { pool }) => … })`. */
export const endpoint = endpointsWith<Services>();
