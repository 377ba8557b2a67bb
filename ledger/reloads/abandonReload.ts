/** Gives up canceling the payment of a closed reload: an operator has seen to it that it is not paid (A7). */
import { readCancelFailure } from './readCancelFailure';
import type { Tx } from '../db';
import { raiseNews } from '../accounts/raiseNews';
import { lockAccount } from '../accounts/lockAccount';
import { endPayment } from '../payments/endPayment';
import { readReloadPayment } from '../payments/readReloadPayment';
import type { Payment } from '../payments/payment';

export type Abandoned = { kind: 'abandoned'; payment: Payment } | { kind: 'not_found' } | { kind: 'not_abandonable' };

/** Frees its headroom, and lets the next reload open. Paid all the same it is credited as ever (P3). */
export async function abandonReload(tx: Tx, accountId: string, number: number): Promise<Abandoned> {
  const payment = await readReloadPayment(tx, accountId, number);
  if (!payment) return { kind: 'not_found' };
  await lockAccount(tx, accountId);
  if (!(await readCancelFailure(tx, payment.id))) return { kind: 'not_abandonable' };
  await endPayment(tx, payment, 'canceled');
  await raiseNews(tx, accountId);
  return { kind: 'abandoned', payment };
}
