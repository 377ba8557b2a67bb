/** How things of the ledger look on the wire. */
import type { z } from 'zod';
import { formatCents, formatMoney } from '../../domain/money';
import type { AccountView } from '../../ledger/accounts/accountView';
import { toGate } from '../../ledger/accounts/position';
import type { Page } from '../../ledger/page';
import type { TransactionView } from '../../ledger/transactions/transactionView';
import type { transactionView } from '../http/schemas';

export const toList = <T, View>(
  page: Page<T>,
  view: (item: T) => View,
): { data: View[]; nextCursor: string | null } => ({
  data: page.data.map(view),
  nextCursor: page.next,
});

export const centsOrNull = (cents: number | null): string | null => (cents === null ? null : formatCents(cents));

export function viewAccount(account: AccountView, nowMs: number) {
  const { position, autoReload } = account;
  return {
    id: account.id,
    name: account.name,
    tier: account.tier,
    balance: formatMoney(position.balance),
    held: formatMoney(position.held),
    available: formatMoney(position.available),
    gate: toGate(position, nowMs),
    autoReload: {
      status: autoReload.status,
      threshold: centsOrNull(autoReload.thresholdCents),
      amount: centsOrNull(autoReload.amountCents),
      reload: autoReload.reload,
    },
    createdAt: account.createdAt.toISOString(),
    ...(account.closedAt && { closedAt: account.closedAt.toISOString() }),
  };
}

export function viewTransaction({
  amount,
  balanceAfter,
  receiptUrl,
  at,
  kind,
  ...rest
}: TransactionView): z.input<typeof transactionView> {
  return {
    ...rest,
    kind: kind as z.input<typeof transactionView>['kind'],
    amount: formatMoney(amount),
    balanceAfter: formatMoney(balanceAfter),
    ...(receiptUrl !== null && { receiptUrl }),
    at: at.toISOString(),
  };
}
