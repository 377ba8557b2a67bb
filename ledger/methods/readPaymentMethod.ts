/** Reads one of an account's saved payment methods. */
import type { Db } from '../db';
import { listPaymentMethods } from './listPaymentMethods';
import type { PaymentMethod } from './paymentMethod';

/** Null when the account has no such method (any more). */
export async function readPaymentMethod(db: Db, accountId: string, methodId: string): Promise<PaymentMethod | null> {
  return (await listPaymentMethods(db, accountId)).find(({ id }) => id === methodId) ?? null;
}
