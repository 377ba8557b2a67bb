/** Tells an operator that Stripe has taken money that was not asked for (P3). */
import type { Logger } from 'pino';
import type { Payment } from '../ledger/payments/payment';

export function logQuarantine(log: Logger, { id, accountId }: Payment, because: string): void {
  log.error({ account: accountId, payment: id, because }, 'a payment is quarantined: an operator must look at it');
}
