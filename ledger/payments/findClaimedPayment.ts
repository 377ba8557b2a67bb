/** Finds the payment that a PaymentIntent claims to be for: by what a caller repeats, not by its id alone (O4). */
import type { PaymentClaim } from '../../domain/payment';
import type { Db } from '../db';
import { COLUMNS, toPayment, type Payment, type Row } from './payment';

/**
 * The payment of this id, or the prepayment under the same key, or the reload of the same number. After a restore the
 * second and the third may be another row than the one that the PaymentIntent was made for.
 */
export async function findClaimedPayment(db: Db, claim: PaymentClaim): Promise<Payment | null> {
  const { rows } = await db.query<Row>(
    `select ${COLUMNS} from payments where account_id = $1 and purpose = $2 and id in (
       select $3::uuid
       union all select id from payments where account_id = $1 and idempotency_key = $4
       union all select id from reloads where account_id = $1 and number = $5)
     order by id = $3 desc limit 1`,
    [claim.accountId, claim.purpose, claim.paymentId, claim.idempotencyKey, claim.reloadNumber],
  );
  return rows[0] ? toPayment(rows[0]) : null;
}
