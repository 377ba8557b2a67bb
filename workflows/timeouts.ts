/** How long workflows, their tasks and their activities may take, and how often they are tried, each with its reason. */
import type { ActivityOptions } from '@temporalio/workflow';

/**
 * The task of a worker that was killed is given to another after so long: Temporal's default of 10 s is twice what may
 * pass until a killed process serves again (O4). A task takes milliseconds; one that takes longer, such as the replay of a
 * long history on a busy machine, is done again, and Temporal gives it more time with each try.
 */
export const WORKFLOW_TASK_TIMEOUT = '3s';

/**
 * How long a workflow's task waits for the worker that has the workflow in memory; then any worker takes it. Those of a
 * worker that was killed rest for so long. A busy worker takes far less; one that takes more loses only what it remembers.
 */
export const STICKY_TASK_TIMEOUT = '3s';

/** A5: how long an owner's request is waited for before the answer is that it is pending. */
export const ANSWER_TIMEOUT = '20s';

/** While an activity runs, its worker says so each time this has passed. */
export const HEARTBEAT_EVERY_MS = 1_000;

/** An activity of which nothing was heard for so long has lost its worker: another worker begins it again (O4). */
const WORKER_IS_LOST: ActivityOptions = { heartbeatTimeout: '3s' };

/** One transaction in Postgres: quick, or Postgres is away; then it is tried until it is back. */
export const LEDGER: ActivityOptions = {
  ...WORKER_IS_LOST,
  startToCloseTimeout: '10s',
  retry: { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '10s' },
};

/** Reads a whole history, up to thousands of events with megabytes of usage, and posts that: tried until it is done. */
export const HISTORY: ActivityOptions = { ...LEDGER, startToCloseTimeout: '5 minutes' };

/**
 * Talks to Stripe. An outage there is a result, not an error, so what is retried is a dead worker or Postgres away.
 * Bounded: longer waiting is the workflow's state.
 */
export const CHARGE: ActivityOptions = {
  ...WORKER_IS_LOST,
  startToCloseTimeout: '60s',
  retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '10s', maximumAttempts: 8 },
};

/**
 * Sends a webhook, which takes 15 s at most. An endpoint that fails is a result; what is retried is a dead worker or
 * Postgres away.
 */
export const WEBHOOK: ActivityOptions = {
  ...WORKER_IS_LOST,
  startToCloseTimeout: '30s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '60s' },
};

/**
 * Writes down a job's requests, or its files: up to 50,000 and 200 MB, at low priority beside everything else, so that it
 * may be silent for longer than others. It is retried after a dead worker, a full disk or an outage of Postgres, until it
 * succeeds, because the job's money is held.
 */
export const BATCH: ActivityOptions = {
  startToCloseTimeout: '1 hour',
  heartbeatTimeout: '15s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '60s' },
};

/**
 * A page of reconciliation: up to 100 payments, each a few calls to Stripe. While Stripe is away the page is tried again,
 * and after some minutes the run is given up: the schedule brings the next.
 */
export const RECONCILE: ActivityOptions = {
  ...WORKER_IS_LOST,
  startToCloseTimeout: '15 minutes',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s', maximumAttempts: 12 },
};

/** Reads the whole ledger once. Where that takes too long the run fails, with its repairs made and its mark kept. */
export const LEDGER_CHECK: ActivityOptions = {
  ...WORKER_IS_LOST,
  startToCloseTimeout: '10 minutes',
  retry: { initialInterval: '5s', maximumAttempts: 3 },
};

/** What a prepayment that nobody has confirmed waits before it is canceled again. A reload waits `cancelDelayMs`. */
export const AFTER_CANCEL_FAILED = '5 minutes';

/** What the workflow waits before it charges again after CHARGE has given up. */
export const AFTER_CHARGE_FAILED_MS = 30_000;
