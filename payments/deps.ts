/** What the life of a payment works with; the composition roots of API and worker make it. */
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { AccountLimits } from '../domain/accountLimits';
import type { Policy } from '../domain/accountState';
import type { Clock } from '../ledger/clock';
import type { Payment } from '../ledger/payments/payment';
import type { PaymentProvider } from '../stripe/port';
import type { ConfirmationLinks } from './confirmationLink';

/** What is counted of payments, for metrics. Told after the transaction that did it. */
export type PaymentCounts = {
  /** A try to charge a method has ended, or a look at it. */
  charged(purpose: Payment['purpose'], outcome: string, declineCode: string | null): void;
  /** Refunds and disputes; below zero: more came back. */
  takenBack(cents: number): void;
};

/** Enough to bring payments in line with the provider. */
export type SyncDeps = {
  pool: Pool;
  provider: PaymentProvider;
  policy: Policy;
  log: Logger;
  clock: Pick<Clock, 'now'>;
  /** How many payment methods an account may have saved. @default the product's own */
  accountLimits?: Pick<AccountLimits, 'paymentMethods'>;
  counts?: PaymentCounts;
};
/** Enough to charge as well. */
export type PaymentDeps = SyncDeps & { links: ConfirmationLinks };
