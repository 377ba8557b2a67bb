/** What the life of a payment works with; the composition roots of API and worker make it. */
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { Policy } from '../domain/accountState';
import type { Clock } from '../ledger/clock';
import type { PaymentProvider } from '../stripe/port';
import type { ConfirmationLinks } from './confirmationLink';

/** Enough to bring payments in line with the provider. */
export type SyncDeps = {
  pool: Pool;
  provider: PaymentProvider;
  policy: Policy;
  log: Logger;
  clock: Pick<Clock, 'now'>;
};
/** Enough to charge as well. */
export type PaymentDeps = SyncDeps & { links: ConfirmationLinks };
