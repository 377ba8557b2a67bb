/** Reads what the ledger says was taken back of one payment (P5). */
import type { Payment } from './payment';
import type { Db } from '../db';
import { listTakenBack, type TakenBackCents } from './listTakenBack';

export async function readTakenBack(
  db: Db,
  payment: Pick<Payment, 'purpose' | 'id'>,
): Promise<TakenBackCents & { lines: number }> {
  return (await listTakenBack(db, [payment])).get(payment.id) ?? { refundedCents: 0, disputedCents: 0, lines: 0 };
}
