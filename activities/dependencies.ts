/** What activities work with; the worker's composition root makes it. */
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type Stripe from 'stripe';
import type { Policy } from '../domain/accountState';
import type { ConfirmationLinks } from '../stripe/confirmationLink';
import type { WebhookSender } from '../notices/webhookSender';

export type Dependencies = {
  pool: Pool;
  stripe: Stripe;
  policy: Policy;
  links: ConfirmationLinks;
  log: Logger;
};

/** Those of the webhooks' worker. */
export type WebhookDependencies = Pick<Dependencies, 'pool' | 'log'> & { sendWebhook: WebhookSender };
