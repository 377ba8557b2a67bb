/** What a stream tells of an account: a part of the account as the API shows it. */
import type { AccountView } from '../../ledger/accounts/accountView';
import { viewAccount } from '../endpoints/views';

export function toAccountEvent(view: AccountView, nowMs: number) {
  const { gate, balance, held, available, autoReload } = viewAccount(view, nowMs);
  return { gate, balance, held, available, autoReload };
}
