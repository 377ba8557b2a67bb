/** What activities work with; the worker's composition root makes it. */
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type Stripe from 'stripe';
import type { Policy } from '../domain/accountState';

export type Dependencies = {
  pool: Pool;
  stripe: Stripe;
  policy: Policy;
  log: Logger;
};
  links: ConfirmationLinks;
