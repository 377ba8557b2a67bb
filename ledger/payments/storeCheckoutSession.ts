/** Stores the Checkout session of a prepayment: one page per payment, whoever asks for it and however often (P2). */
import type { Db } from '../db';

export type CheckoutPage = { sessionId: string; url: string };

/**
 * Keeps the first session that is brought, and returns the one that is kept: no other page is ever shown to anybody. Null
 * where the payment has ended without a page: nobody may pay it.
 */
export async function storeCheckoutSession(
  db: Db,
  paymentId: string,
  page: CheckoutPage,
): Promise<CheckoutPage | null> {
  const { rows } = await db.query<{ checkout_session_id: string; action_url: string }>(
    `update payments set checkout_session_id = coalesce(checkout_session_id, $2),
       action_url = case when checkout_session_id is null then $3 else action_url end
     where id = $1 and (checkout_session_id is not null or payment_is_open(status)) returning checkout_session_id, action_url`,
    [paymentId, page.sessionId, page.url],
  );
  return rows[0] ? { sessionId: rows[0].checkout_session_id, url: rows[0].action_url } : null;
}
