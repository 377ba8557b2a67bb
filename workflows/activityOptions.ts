/** Timeouts and retries of every activity, each with its reason. */
import type { ActivityOptions } from '@temporalio/workflow';

/** One transaction in Postgres: quick, or Postgres is away; then it is tried until it is back. */
export const LEDGER: ActivityOptions = {
  startToCloseTimeout: '10s',
  retry: { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '10s' },
};

/**
 * Talks to Stripe. An outage there is a result, not an error, so what is retried is a dead worker or Postgres away;
 * the heartbeat shows within seconds that a worker died. Bounded: longer waiting is the workflow's state.
 */
export const CHARGE: ActivityOptions = {
  startToCloseTimeout: '60s',
  heartbeatTimeout: '5s',
  retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '10s', maximumAttempts: 8 },
};

/**
 * Sends a webhook, which takes 15 s at most. An endpoint that fails is a result; what is retried is a dead worker or
 * Postgres away.
 */
export const WEBHOOK: ActivityOptions = {
  startToCloseTimeout: '30s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '60s' },
};

/**
 * Writes down a job's requests, or its files: up to 50,000 and 200 MB, at low priority beside everything else; it
 * heartbeats. What is retried is a dead worker, a full disk or Postgres away: until it goes through, as the job's money is
 * held.
 */
export const BATCH: ActivityOptions = {
  startToCloseTimeout: '1 hour',
  heartbeatTimeout: '15s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '60s' },
};

/**
 * A page of reconciliation: up to 100 payments, each a few calls to Stripe; each heartbeats. While Stripe is away the page
 * is tried again, and after some minutes the run is given up: the schedule brings the next.
 */
export const RECONCILE: ActivityOptions = {
  startToCloseTimeout: '15 minutes',
  heartbeatTimeout: '60s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s', maximumAttempts: 12 },
};

/** Reads the whole ledger once. Where that takes too long the run fails, with its repairs made and its mark kept. */
export const LEDGER_CHECK: ActivityOptions = {
  startToCloseTimeout: '10 minutes',
  retry: { initialInterval: '5s', maximumAttempts: 3 },
};

/** What is waited before a payment is canceled again that Stripe could not cancel. */
export const AFTER_CANCEL_FAILED = '5 minutes';

/** What the workflow waits before it charges again after CHARGE has given up. */
export const AFTER_CHARGE_FAILED_MS = 30_000;
