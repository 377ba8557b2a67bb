/** Reads since when, and why, a payment could not be canceled (A7). */
import type { Db } from '../db';
import { TRIES_UNTIL_TOLD } from './recordCancelFailure';

export type CancelFailure = { tries: number; since: Date; because: string };

/** Null for a payment that is decided, or has not been tried for long. */
export async function readCancelFailure(db: Db, paymentId: string): Promise<CancelFailure | null> {
  const { rows } = await db.query<CancelFailure>(
    `select cancel_tries as tries, cancel_failed_at as since, cancel_failed_because as because from payments
     where id = $1 and payment_is_open(status) and cancel_tries >= $2`,
    [paymentId, TRIES_UNTIL_TOLD],
  );
  return rows[0] ?? null;
}
