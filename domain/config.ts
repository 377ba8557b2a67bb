/** Everything a deployment can set, read once from the environment by the entry points. */
import { z } from 'zod';
import { DEFAULT_ACCOUNT_LIMITS, type AccountLimits } from './accountLimits';
import type { Policy } from './accountState';
import { CHARGEABLE_CENTS, DEFAULT_BOUNDS, LOW_LEVEL_CENTS, type SettingsBounds } from './autoReload';
import { emailProblem } from './emailAddress';
import { formatCents } from './money';

const seconds = /^(\d{1,6})s$/;
const url = z.string().min(1);
const DAY_MS = 86_400_000;

/** `60s,300s` → [60000, 300000] milliseconds. */
const delaysMs = z.string().transform((text, context) => {
  const parts = text.split(',').map((part) => seconds.exec(part.trim()));
  if (parts.length === 0 || parts.some((part) => part === null)) {
    context.addIssue(`"${text}" is not a list of seconds such as 60s,300s`);
    return z.NEVER;
  }
  return parts.map((part) => Number(part![1]) * 1_000);
});

const PROXY_NAMES = ['loopback', 'linklocal', 'uniquelocal'];
const proxies = z.string().transform((text, context) => {
  const parts = text.split(',').map((part) => part.trim());
  const wrong = parts.find(
    (part) => !PROXY_NAMES.includes(part) && !/^[\d.]+(\/\d{1,2})?$|^[\da-f:.]+(\/\d{1,3})?$/i.test(part),
  );
  if (wrong === undefined) return parts;
  context.addIssue(`"${wrong}" is no address, no network, and none of: ${PROXY_NAMES.join(', ')}`);
  return z.NEVER;
});

/** `a@example.com, b@example.com` */
const addresses = z.string().transform((text, context) => {
  const parts = text.split(',').map((part) => part.trim());
  const wrong = parts.find((part) => emailProblem(part) !== null);
  if (wrong === undefined) return [...new Set(parts)];
  context.addIssue(`"${wrong}" is no e-mail address`);
  return z.NEVER;
});

const [LEAST_CENTS, MOST_CENTS] = CHARGEABLE_CENTS;
/** `5` or `5.00` → whole cents, or undefined. */
const centsOf = (text: string): number | undefined => {
  const parts = /^(\d{1,6})(?:\.(\d{2}))?$/.exec(text.trim());
  const cents = parts ? Number(parts[1]) * 100 + Number(parts[2] ?? 0) : NaN;
  return cents >= LEAST_CENTS && cents <= MOST_CENTS ? cents : undefined;
};
const IN_DOLLARS = `dollars from ${formatCents(LEAST_CENTS)} to ${formatCents(MOST_CENTS)}`;
const dollars = z.string().transform((text, context) => {
  const cents = centsOf(text);
  if (cents !== undefined) return cents;
  context.addIssue(`"${text}" is not ${IN_DOLLARS}, such as 5 or 5.00`);
  return z.NEVER;
});
/** `5,10,25` → whole cents, in order. */
const dollarsList = z.string().transform((text, context): readonly number[] => {
  const cents = text.split(',').map(centsOf);
  if (cents.every((each) => each !== undefined)) return [...new Set(cents)].sort((one, other) => one - other);
  context.addIssue(`"${text}" is not a list of ${IN_DOLLARS}, such as 5,10,25`);
  return z.NEVER;
});
/** `5-10000` → the least and the most, in whole cents. */
const dollarsRange = z.string().transform((text, context): readonly [number, number] => {
  const [from, to, ...more] = text.split('-').map(centsOf);
  if (from !== undefined && to !== undefined && from <= to && more.length === 0) return [from, to];
  context.addIssue(`"${text}" is not a range of ${IN_DOLLARS}, such as 5-10000`);
  return z.NEVER;
});

const schema = z.object({
  PORT: z.coerce.number().int().min(0).max(65_535).default(3000),
  HOST: z.string().default('127.0.0.1'),
  DATA_DIR: z.string().default('.ballast'),
  /** Where files of batches and datasets lie; all processes see the same. @default files, in DATA_DIR */
  FILES_DIR: z.string().min(1).optional(),
  /** Another API process, to which this one hands files and batches (L5). */
  BATCHES_URL: z.url({ protocol: /^https?$/ }).optional(),
  /** This process serves files and batches for others: at low priority, so that it takes nothing from them (L5). */
  LOW_PRIORITY: z.enum(['0', '1']).optional(),
  /**
   * A file that the API touches while gates and usage are asked; meanwhile the processes of batches on the same machine
   * take a small share of the processor (L5). Not set: they always take what is left.
   */
  GATES_BUSY_FILE: z.string().min(1).optional(),
  ADMIN_KEY: z.string().min(16).optional(),
  DEMO: z
    .enum(['0', '1'])
    .default('1')
    .transform((value) => value === '1'),
  DATABASE_URL: url.optional(),
  /** The owner of the tables, who migrates; the service itself may then be a role that owns nothing. */
  MIGRATE_DATABASE_URL: url.optional(),
  /** How long one statement of a migration may take, and hold its locks; 0s: as long as it takes. */
  MIGRATE_STATEMENT_TIMEOUT: z
    .string()
    .regex(seconds, 'must be seconds such as 30s')
    .transform((text) => Number.parseInt(text, 10) * 1_000)
    .optional(),
  /** Which release a worker is, where an operator says which one carries workflows on (docs/operations.md, Upgrades). */
  WORKER_BUILD_ID: z
    .string()
    .regex(/^[\w.-]{1,60}$/, 'must be 1 to 60 of A-Z a-z 0-9 _ . -')
    .optional(),
  TEMPORAL_ADDRESS: url.optional(),
  /** Temporal's web pages, for links to a workflow's history. */
  TEMPORAL_UI_URL: z.url({ protocol: /^https?$/ }).optional(),
  TEMPORAL_NAMESPACE: z.string().default('default'),
  STRIPE_SECRET_KEY: z.string().min(1).optional(),
  STRIPE_API_BASE: z.url().optional(),
  /** One, or several separated by commas while one replaces another. */
  STRIPE_WEBHOOK_SECRET: z.string().min(1).optional(),
  SMTP_URL: url.optional(),
  MAIL_FROM: z.string().default('Ballast <billing@ballast.example>'),
  /** Who is told of limit requests that wait, separated by commas; none: they are shown in the console only (L6). */
  ADMIN_EMAILS: addresses.default([]),
  PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  /** Of an account at most: its members, their keys in force, its open holds, its saved payment methods. */
  MEMBERS_MAX: z.coerce.number().int().min(1).max(1_000).default(DEFAULT_ACCOUNT_LIMITS.members),
  MEMBER_KEYS_MAX: z.coerce.number().int().min(1).max(10_000).default(DEFAULT_ACCOUNT_LIMITS.memberKeys),
  OPEN_HOLDS_MAX: z.coerce.number().int().min(1).max(1_000_000).default(DEFAULT_ACCOUNT_LIMITS.openHolds),
  PAYMENT_METHODS_MAX: z.coerce.number().int().min(1).max(1_000).default(DEFAULT_ACCOUNT_LIMITS.paymentMethods),
  LINK_SECRET: z.string().min(16).optional(),
  /** Outbound webhooks may go to private addresses and by http: for development. */
  WEBHOOK_ALLOW_PRIVATE: z.enum(['0', '1']).optional(),
  RELOAD_RETRY_DELAYS: delaysMs.default([60_000, 300_000]),
  AUTO_RELOAD_TRIGGER: z.enum(['at_or_below', 'below']).default('at_or_below'),
  /** What owners can choose for auto-reload, in dollars: a few to pick from, and the range of what they may type (A2). */
  AUTO_RELOAD_THRESHOLDS: dollarsList.default(DEFAULT_BOUNDS.threshold.presets),
  AUTO_RELOAD_THRESHOLD_RANGE: dollarsRange.default(DEFAULT_BOUNDS.threshold.range),
  AUTO_RELOAD_AMOUNTS: dollarsList.default(DEFAULT_BOUNDS.amount.presets),
  AUTO_RELOAD_AMOUNT_RANGE: dollarsRange.default(DEFAULT_BOUNDS.amount.range),
  /** At or below it a balance is low where auto-reload is not on (S4). */
  LOW_BALANCE: dollars.default(LOW_LEVEL_CENTS),
  /** Whether a gate that has lost its feed for so long denies an answer, or gives the last known one (S6). */
  GATE_POLICY: z.enum(['fail_closed', 'fail_open']).default('fail_closed'),
  GATE_STALE_AFTER: z
    .string()
    .regex(seconds, 'must be seconds such as 10s')
    .transform((text) => Number.parseInt(text, 10) * 1_000)
    .pipe(z.number().min(3_000, 'must be at least 3s: gates are held against the database each second'))
    .default(10_000),
  /** How long usage events stay in the database (B8): days, at least 32, as an event's time may be 30 days back; not set: for ever. */
  USAGE_RETENTION: z
    .string()
    .regex(/^\d{1,5}d$/, 'must be days such as 90d')
    .transform((text) => Number.parseInt(text, 10) * DAY_MS)
    .pipe(z.number().min(32 * DAY_MS, 'must be at least 32d'))
    .optional(),
  /** Where older usage goes. */
  USAGE_ARCHIVE_DIR: z.string().min(1).optional(),
  /** A file that the worker touches while it is well, for a health check from outside. */
  HEARTBEAT_FILE: z.string().optional(),
  /** Proxies whose X-Forwarded-For is believed: addresses, networks such as 10.0.0.0/8, or Express's names for some. */
  TRUSTED_PROXIES: proxies.default([]),
  /** Prometheus reads the process's numbers there, without a key; not set: nowhere, but from the API with an admin's. */
  METRICS_PORT: z.coerce.number().int().min(0).max(65_535).optional(),
  METRICS_HOST: z.string().min(1).default('127.0.0.1'),
  /** Where traces go, by OTLP over HTTP; not set: there are none. OpenTelemetry reads its other variables by itself. */
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  OTEL_EXPORTER_OTLP_PROTOCOL: z.enum(['http/protobuf', 'http/json']).default('http/protobuf'),
  OTEL_SERVICE_NAME: z.string().optional(),
  OTEL_SDK_DISABLED: z.enum(['true', 'false']).default('false'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
});

const PRESETS_IN = {
  AUTO_RELOAD_THRESHOLDS: 'AUTO_RELOAD_THRESHOLD_RANGE',
  AUTO_RELOAD_AMOUNTS: 'AUTO_RELOAD_AMOUNT_RANGE',
} as const;
const checked = schema.superRefine((config, context) => {
  for (const name of ['AUTO_RELOAD_THRESHOLDS', 'AUTO_RELOAD_AMOUNTS'] as const) {
    const [least, most] = config[PRESETS_IN[name]];
    const outside = config[name].find((cents) => cents < least || cents > most);
    if (outside === undefined) continue;
    const message = `${formatCents(outside)} is not within ${PRESETS_IN[name]}, ${formatCents(least)} to ${formatCents(most)}`;
    context.addIssue({ code: 'custom', path: [name], message });
  }
});

export type Config = z.infer<typeof schema>;

export const policyOf = (config: Config): Policy => ({
  trigger: config.AUTO_RELOAD_TRIGGER,
  retryDelaysMs: config.RELOAD_RETRY_DELAYS,
  lowLevelCents: config.LOW_BALANCE,
});

export const boundsOf = (config: Config): SettingsBounds => ({
  threshold: { presets: config.AUTO_RELOAD_THRESHOLDS, range: config.AUTO_RELOAD_THRESHOLD_RANGE },
  amount: { presets: config.AUTO_RELOAD_AMOUNTS, range: config.AUTO_RELOAD_AMOUNT_RANGE },
});

export const accountLimitsOf = (config: Config): AccountLimits => ({
  members: config.MEMBERS_MAX,
  memberKeys: config.MEMBER_KEYS_MAX,
  openHolds: config.OPEN_HOLDS_MAX,
  paymentMethods: config.PAYMENT_METHODS_MAX,
});

/** The database as the role that owns its tables, for commands of an operator's. */
export function ownerUrlOf({ MIGRATE_DATABASE_URL, DATABASE_URL }: Config): string {
  const url = MIGRATE_DATABASE_URL ?? DATABASE_URL;
  if (url === undefined) throw new Error('DATABASE_URL or MIGRATE_DATABASE_URL must be set.');
  return url;
}

/** Where people reach the API: the base of the links in mails and answers. */
export const publicUrlOf = ({ PUBLIC_URL, HOST, PORT }: Config): string =>
  PUBLIC_URL ?? `http://${HOST === '0.0.0.0' ? 'localhost' : HOST}:${PORT}`;

/** The folder of archived usage. */
export const archiveFolderOf = ({ USAGE_ARCHIVE_DIR, DATA_DIR }: Config): string =>
  USAGE_ARCHIVE_DIR ?? `${DATA_DIR}/usage-archive`;

export const filesDirOf = ({ FILES_DIR, DATA_DIR }: Config): string => FILES_DIR ?? `${DATA_DIR}/files`;

/** Every secret that Stripe may sign its events with, the newest first (P4). */
export const webhookSecretsOf = ({ STRIPE_WEBHOOK_SECRET }: Config): string[] =>
  (STRIPE_WEBHOOK_SECRET ?? '')
    .split(',')
    .map((secret) => secret.trim())
    .filter((secret) => secret !== '');

/** Every secret of a deployment: none of them stands in a log. */
export const secretsOf = (config: Config): (string | undefined)[] => [
  config.ADMIN_KEY,
  config.STRIPE_SECRET_KEY,
  config.LINK_SECRET,
  ...webhookSecretsOf(config),
];

/** Parses the environment. Throws one Error that names every bad variable and what it may be. */
export function readConfig(env: Record<string, string | undefined>): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = checked.safeParse(given);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
  throw new Error(`The environment does not fit:\n${problems.join('\n')}`);
}
