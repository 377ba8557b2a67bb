/** Reads what waits in Postgres to be done, and how long it has waited, for those who run Ballast (C2). */
import { OPEN_STATUSES } from '../batches/batch';
import type { Db } from '../db';

/** Counts stop here: more is said to be this many. */
export const COUNT_MAX = 10_000;

export type SystemState = {
  postgres: string;
  /** The newest migration. */
  schema: string;
  queues: Record<QueueName, { waiting: number; oldestSeconds: number | null }>;
  /** When the books were last compared with the provider's; null: never. */
  reconciledAt: Date | null;
  /** Invariants that this found broken: so many are known at least. */
  violations: number;
  /** Of this month (UTC) and the next two, how many have no table for their usage. */
  usageMonthsMissing: number;
};

/** A page at Checkout, on which nobody has paid yet, waits for its owner until Stripe closes it, which is after a day. */
const CHECKOUT_OPEN = '25 hours';

/** By queue: SQL of its rows, `since` being when each was to be done. Each has an index of just these rows. */
const QUEUES = {
  workflows_to_wake: 'select null::timestamptz as since from balances where wake',
  reloads_in_flight: 'select opened_at as since from reloads where closed_at is null',
  payments_undecided: `select since from (
    select case when purpose = 'prepayment' and payment_method_id is null and payment_intent_id is null
      then created_at + interval '${CHECKOUT_OPEN}' else created_at end as since from payments where status = 'processing') open where since <= now()`,
  payments_quarantined: `select created_at as since from payments where status = 'quarantined'`,
  payments_unexplained: 'select first_seen_at as since from unexplained',
  refunds_requested: `select requested_at as since from refund_requests where status = 'requested'`,
  mails: `select next_attempt_at as since from notice_deliveries where status = 'pending' and next_attempt_at <= now()`,
  webhooks: `select start_at as since from webhook_deliveries where status = 'pending' and start_at <= now()`,
  batches_open: `select created_at as since from batches where status in ${OPEN_STATUSES}`,
  limit_requests: `select created_at as since from limit_requests where status = 'pending'`,
  // The oldest alone is looked up: of many, each look costs one in each month.
  usage_to_sum: `select case when posting = (select min(posting) from usage_unsummed)
    then (select u.taken_at from usage_events u where u.posting = n.posting limit 1) end as since from usage_unsummed n`,
} as const;
export type QueueName = keyof typeof QUEUES;
export const QUEUE_NAMES = Object.keys(QUEUES) as QueueName[];

export async function readSystem(db: Db): Promise<SystemState> {
  const counts = QUEUE_NAMES.map(
    (name) =>
      `select '${name}' as name, count(*)::int as waiting, extract(epoch from now() - min(since))::float8 as oldest
       from (${QUEUES[name]} limit ${COUNT_MAX}) queue`,
  );
  const [{ rows: queues }, { rows: versions }] = await Promise.all([
    db.query<{ name: QueueName; waiting: number; oldest: number | null }>(counts.join(' union all ')),
    db.query<{ postgres: string; schema: string; checked_at: Date | null; violations: number; months_missing: number }>(
      `select current_setting('server_version') as postgres, (select max(name) from migrations) as schema,
         checked_at, violations,
         (select count(*)::int from generate_series(0, 2) ahead where to_regclass(
           to_char(now() at time zone 'UTC' + make_interval(months => ahead), '"usage_events_"YYYY_MM')) is null) as months_missing
       from reconciliation`,
    ),
  ]);
  const found = new Map(
    queues.map(({ name, waiting, oldest }) => [name, { waiting, oldestSeconds: toSeconds(oldest) }]),
  );
  const { postgres, schema, checked_at: reconciledAt, violations, months_missing: usageMonthsMissing } = versions[0]!;
  return {
    postgres,
    schema,
    reconciledAt,
    violations,
    usageMonthsMissing,
    queues: Object.fromEntries(QUEUE_NAMES.map((name) => [name, found.get(name)!])) as SystemState['queues'],
  };
}

const toSeconds = (seconds: number | null): number | null =>
  seconds === null ? null : Math.max(0, Math.round(seconds));
