/** Ends a prepayment whose page at Checkout never came to be: it can't be paid, and would keep its account from closing (P2, P6). */
import { lockAccount } from '../ledger/accounts/lockAccount';
import { transaction } from '../ledger/db';
import { lockUnopenedCheckout } from '../ledger/payments/lockUnopenedCheckout';
import type { Payment } from '../ledger/payments/payment';
import { applyAnswer } from './applyAnswer';
import type { SyncDeps } from './deps';

/** Returns whether it ended now. Repeated it changes nothing. */
export async function endUnopened({ pool, policy }: SyncDeps, payment: Payment, nowMs: number): Promise<boolean> {
  return transaction(pool, async (tx) => {
    await lockAccount(tx, payment.accountId);
    if (!(await lockUnopenedCheckout(tx, payment.id))) return false;
    const asker = { asking: 'checkout_over', endsAs: 'canceled' } as const;
    return (await applyAnswer(tx, payment, { kind: 'missing' }, asker, policy, nowMs)).kind === 'ended';
  });
}
