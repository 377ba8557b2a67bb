/** Everything that is said to and by the workflows: ids, queues, signals, queries, updates. API and workers import this, the starters (`start*.ts`) and `wake.ts`. */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { AccountState, Announced, DecisionRecord, SettingsAnswer, SettingsRequest } from '../domain/accountState';
import type { ReconcileReport } from '../domain/reconciliation';

export const BALANCE_TASK_QUEUE = 'balance';

/** Of messages and activities: the span they belong to, as W3C's `traceparent`. */
export const TRACE_HEADER = 'traceparent';
/** A message has reached its workflow, which has given its span this id (16 hexadecimal digits). */
export type TracedMessage = { name: string; id: string; parent: string; atMs: number };
export type TraceSinks = { traces: { received(message: TracedMessage): void } };

const BALANCE = 'balance/';
export const balanceWorkflowId = (accountId: string): string => `${BALANCE}${accountId}`;
/** Null for a workflow that is no account's balance. */
export const accountOfWorkflow = (workflowId: string): string | null =>
  workflowId.startsWith(BALANCE) ? workflowId.slice(BALANCE.length) : null;
/** @param keyHash SHA-256 (hex) of the caller's idempotency key */
export const prepaymentWorkflowId = (accountId: string, keyHash: string): string =>
  `prepayment/${accountId}/${keyHash}`;

/** The webhooks' own queue: an endpoint that hangs holds up no charge. */
export const webhookTaskQueue = (taskQueue: string): string => `${taskQueue}-webhooks`;
export const webhookDeliveryWorkflowId = (deliveryId: string): string => `webhook-delivery/${deliveryId}`;
export type WebhookDeliveryInput = { deliveryId: string };

/** The batches' own queue: a job of 50,000 requests holds up no charge (L5). */
export const batchTaskQueue = (taskQueue: string): string => `${taskQueue}-batches`;
export const batchWorkflowId = (batchId: string): string => `batch/${batchId}`;
export type BatchInput = { batchId: string };
/** Every request of the job has its result, or it is to be cancelled: read again. */
export const batchChangedSignal = defineSignal('batchChanged');

export const limitRequestWorkflowId = (requestId: string): string => `limit-request/${requestId}`;
export type LimitRequestInput = { requestId: string };
/** An admin has decided the request: read again. */
export const limitRequestDecidedSignal = defineSignal('limitRequestDecided');

export const confirmationWorkflowId = (paymentId: string): string => `confirmation/${paymentId}`;
export type ConfirmationInput = { accountId: string; paymentId: string; untilMs: number };

/**
 * Starts an account's workflow: from the state an earlier run carried on, or else from Postgres (O4).
 * `replaces`: the run that was ended for it, because it could not be replayed; what that was told and has not posted is posted first.
 */
export type BalanceInput = { accountId: string; carried?: AccountState; replaces?: string };
export type PrepaymentInput = { accountId: string; paymentId: string; paymentMethodId: string };
export type PrepaymentResult =
  | { kind: 'succeeded' }
  | { kind: 'declined'; declineCode: string; message: string }
  /** The owner is asked to confirm; where, is in Postgres. */
  | { kind: 'requires_action' }
  | { kind: 'canceled' };

export const RECONCILE_SCHEDULE_ID = 'reconcile';
/** Of the run that is asked for by hand; the schedule's have their own. */
export const RECONCILE_NOW_ID = 'reconcile/now';
/** `check`: the whole ledger too, however lately that was done. */
export type ReconcileInput = { check: boolean; carried?: ReconcileProgress };
export type ReconcileProgress = Pick<ReconcileReport, 'looked' | 'repaired'> & {
  startedMs: number;
  /** As the database knows the run, and up to when it reads Stripe's events. Not of one that an earlier release has begun. */
  run?: string;
  untilMs?: number;
  /** Null: everything is looked at. */
  sinceMs: number | null;
  check: boolean;
  /** What is left to page through; `after` is the cursor of the first. */
  steps: ('reconcileIntents' | 'reconcileEvents' | 'reconcileCheckouts' | 'reconcileLocal')[];
  after: string | null;
};

/** A watermark of the balance: lost, repeated and reordered ones do no harm. `available` is a decimal string. */
export type UsageWatermark = { watermark: number; available: string };

/** Available has crossed a level, or a minute has passed with usage. */
export const usageSignal = defineSignal<[UsageWatermark]>('usage');
/** Usage events as POST /v1/usage takes them, without `accountId`: checked, priced and posted as there. For low rates. */
export type ReportedUsage = { events: Record<string, unknown>[] };
/** For services that prefer Temporal's client to HTTP. An event that can't be taken is kept for the admins, with its reason. */
export const reportUsageSignal = defineSignal<[ReportedUsage]>('reportUsage');
/** A payment of the account was credited, taken back, or changed in another way. Saved histories know the signal by this name. */
export const paymentSettledSignal = defineSignal('paymentSettled');
/** A payment method was added, replaced or removed: a waiting attempt is due at once (A10). */
export const paymentMethodsChangedSignal = defineSignal('paymentMethodsChanged');
/** `admin_suspended` or `payment_disputed` was set or lifted. */
export const reasonsChangedSignal = defineSignal('reasonsChanged');
/** The relay's: Postgres has news that the workflow has not folded; a signal was lost, or the workflow itself. */
export const refreshSignal = defineSignal('refresh');

/** What an owner asks; the workflow adds the request's id, the update's own. */
export type ConfigureAutoReload = {
  actor: string;
  settings: Extract<SettingsRequest, { kind: 'configure' }>['settings'];
} & Announced;
export type ChangeAutoReload = { actor: string };
export type ResumeAutoReload = ChangeAutoReload & Announced;

/** Enables auto-reload or changes its settings; may charge at once (A1–A5). Answers within about 20 s. */
export const configureAutoReloadUpdate = defineUpdate<SettingsAnswer, [ConfigureAutoReload]>('configureAutoReload');
/** Keeps the settings and starts no reload until resumed (A13). */
export const pauseAutoReloadUpdate = defineUpdate<SettingsAnswer, [ChangeAutoReload]>('pauseAutoReload');
/** At or below the threshold an ordinary reload follows (A13). */
export const resumeAutoReloadUpdate = defineUpdate<SettingsAnswer, [ResumeAutoReload]>('resumeAutoReload');
/** Turns auto-reload off and tells every owner (A13). */
export const disableAutoReloadUpdate = defineUpdate<SettingsAnswer, [ChangeAutoReload]>('disableAutoReload');

export const stateQuery = defineQuery<AccountState>('state');
export const decisionsQuery = defineQuery<DecisionRecord[]>('decisions');
