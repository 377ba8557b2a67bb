/** A prepayment with a new card or a third-party provider, on a page of the payment provider's (P2). */
import { z } from 'zod';
import { unavailable } from '../../domain/errors';
import { withCustomer } from '../../payments/customer';
import { openCheckout } from '../../payments/openCheckout';
import { readPayment } from '../../ledger/payments/readPayment';
import { beginOnce, refuseOther } from './beginPrepayment';
import { created } from '../http/endpoint';
import { moneyIn, ofAccount, uuid, webAddress } from '../http/schemas';
import { endpoint, forPayments } from '../services';

const wish = z.strictObject({ amount: moneyIn, successUrl: webAddress, cancelUrl: webAddress });

export const open = endpoint({
  params: ofAccount,
  body: { schema: wish },
  idempotent: true,
  replies: { 201: z.strictObject({ id: uuid, url: z.string() }) },
  uses: forPayments,
  refusals: ['out_of_range', 'fraction_of_a_cent', 'card_declined', 'payments_unavailable'],
  async handle(call, services) {
    const { amount, successUrl, cancelUrl } = call.body;
    const payment = await beginOnce(call, services, {
      amount,
      content: ['checkout', successUrl, cancelUrl],
      method: () => Promise.resolve(null),
    });
    const url = await withCustomer(services, payment.accountId, (customerId) =>
      openCheckout(services, payment, { successUrl, cancelUrl, customerId }),
    );
    refuseOther((await readPayment(services.pool, payment.accountId, payment.id))!, payment);
    if (url !== null) return created({ id: payment.id, url });
    throw unavailable(
      'payments_unavailable',
      'The payment provider can not be reached now; ask again with the same key.',
    );
  },
});
