/** What activities work with; the worker's composition root makes it. */
import type { PaymentDeps } from '../payments/deps';
import type { Admins } from '../ledger/limits/advanceLimitRequest';
import type { FileStore } from '../batches/fileStore';
import type { WebhookSender } from '../notices/webhookSender';

export type Dependencies = PaymentDeps & {
  /** Who decides limit requests. */
  admins: Admins;
};

/** Those of the webhooks' worker. */
export type WebhookDependencies = Pick<Dependencies, 'pool' | 'log'> & { sendWebhook: WebhookSender };

/** Those of the batches' worker. */
export type BatchDependencies = Pick<Dependencies, 'pool' | 'log'> & { store: FileStore };
