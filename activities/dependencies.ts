/** What activities work with; the worker's composition root makes it. */
import type { Pool } from 'pg';
import type { PaymentCounts, PaymentDeps } from '../payments/deps';
import type { Clock } from '../ledger/clock';
import type { Admins } from '../ledger/limits/advanceLimitRequest';
import type { FileStore } from '../batches/fileStore';
import type { Pace } from '../batches/pace';
import type { Repair } from '../domain/reconciliation';
import type { WebhookOutcome } from '../ledger/webhooks/webhookAttempt';
import type { WebhookSender } from '../notices/webhookSender';
import type { UsageCounts } from '../usage/postCounted';

/** What is counted of activities, for metrics. */
export type ActivityCounts = PaymentCounts & {
  /** `strike`: every method of an attempt failed; else how a reload closed. */
  reloadUnpaid(outcome: 'strike' | 'failed' | 'canceled'): void;
  webhookTried(outcome: WebhookOutcome['kind']): void;
  /** One found no place, or its endpoint rests. */
  webhookWaits(): void;
  /** Usage that was reported to a workflow by signal. */
  usage: Pick<UsageCounts, 'reported' | 'committed'>;
  repaired(kind: Repair['kind']): void;
  /** Of the check of the whole ledger. */
  /** Of any activity, by its name. */
  ended(activity: string, outcome: 'done' | 'failed', seconds: number): void;
};

export type Dependencies = PaymentDeps & {
  /** Measured again before usage is refused as being ahead. */
  clock: Clock;
  /** For what reads the whole ledger: its queries may take minutes. @default pool */
  longPool?: Pool;
  counts?: ActivityCounts;
  /** Who decides limit requests. */
  admins: Admins;
};

/** Those of the webhooks' worker. */
export type WebhookDependencies = Pick<Dependencies, 'pool' | 'log' | 'counts'> & { sendWebhook: WebhookSender };

/** Those of the batches' worker. */
export type BatchDependencies = Pick<Dependencies, 'pool' | 'log'> & {
  store: FileStore;
  /** @default as fast as it can */
  pace?: Pace | undefined;
  counts?: Pick<ActivityCounts, 'ended'>;
};
