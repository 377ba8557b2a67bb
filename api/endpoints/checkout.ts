/** A prepayment with a new card or a third-party provider, on a page of the payment provider's (P2). */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { unavailable } from '../../domain/errors';
import { countCheckoutLook, storeCheckoutSession } from '../../ledger/payments/checkout';
import { readPayment, type Payment } from '../../ledger/payments/payments';
import { createCheckoutPage } from '../../stripe/checkout';
import { beginOnce } from './beginPrepayment';
import { customerOf } from './customers';
import { created, endpoint } from '../http/endpoint';
import { moneyIn, ofAccount, uuid, webAddress } from '../http/schemas';
import type { Services } from '../services';

/** How long a call waits for another one that makes the same page. */
const WAIT_MS_MAX = 20_000;
const LOOK_MS = 100;

const wish = z.strictObject({ amount: moneyIn, successUrl: webAddress, cancelUrl: webAddress });
type Pages = Pick<z.output<typeof wish>, 'successUrl' | 'cancelUrl'>;

export const open = endpoint({
  params: ofAccount,
  body: { schema: wish },
  idempotent: true,
  replies: { 201: z.strictObject({ id: uuid, url: z.string() }) },
  async handle(call, services) {
    const { amount, successUrl, cancelUrl } = call.body;
    const payment = await beginOnce(call, services, {
      amount,
      content: ['checkout', successUrl, cancelUrl],
      method: () => Promise.resolve(null),
    });
    return created({ id: payment.id, url: await pageOf(payment, { successUrl, cancelUrl }, services) });
  },
});

/**
 * The page's address: the one that stands, or one that is made now. A call that was cut short after its row leaves a
 * payment without a page; a repeat makes it. Only a stored page is ever told, so there is one to pay at.
 */
async function pageOf(payment: Payment, pages: Pages, services: Services): Promise<string> {
  const { pool, stripe, log } = services;
  const { id: paymentId, accountId, cents } = payment;
  for (const deadlineMs = Date.now() + WAIT_MS_MAX; ; await sleep(LOOK_MS)) {
    const standing = (await readPayment(pool, accountId, paymentId))!;
    if (standing.checkoutSessionId !== null) return standing.actionUrl!;
    const customerId = await customerOf(accountId, services);
    const made = await createCheckoutPage(
      stripe,
      { paymentId, accountId, cents, customerId, ...pages },
      standing.checkoutLooks,
    );
    if (made.kind === 'created') return (await storeCheckoutSession(pool, paymentId, made)).url;
    if (made.kind === 'unknown') {
      log[made.operator ? 'error' : 'warn'](
        { account: accountId, payment: paymentId, because: made.because },
        'a Checkout page could not be made',
      );
      await countCheckoutLook(pool, paymentId, standing.checkoutLooks);
    }
    if (made.kind === 'unknown' || Date.now() > deadlineMs) {
      throw unavailable(
        'payments_unavailable',
        'The payment provider can not be reached now; ask again with the same key.',
      );
    }
  }
}
