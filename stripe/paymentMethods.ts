/** Saved payment methods at Stripe: customers, the hosted setup page, attaching and detaching (P1). Card data never reaches us. */
import { setTimeout as sleep } from 'node:timers/promises';
import Stripe from 'stripe';
import type { SavedCard } from '../domain/payment';
import { namingCustomer } from './customerMissing';
import { found, LOOK } from './looking';
import { toSavedCard } from './savedCard';

export type Attached =
  | { kind: 'attached'; method: SavedCard }
  | { kind: 'declined'; code: string; declineCode: string; message: string }
  /** Stripe knows no such method, or it can't be used again. */
  | { kind: 'invalid'; message: string };

const CUSTOMER_TRIES_MAX = 5;
/** How long a call waits for another one that creates the same customer at this moment. */
const WAIT_MS_MAX = 10_000;
const WAIT_MS = 50;
const IN_PROGRESS = 409;

/**
 * Creates the account's customer. The same again, also simultaneously, is the same customer.
 * @param generation how many earlier ones were deleted: for a day Stripe answers their key with the deleted one
 */
export async function createCustomer(stripe: Stripe, accountId: string, generation = 0): Promise<string> {
  const keyed = generation === 0 ? accountId : `${accountId}/after-${generation}`;
  const deadlineMs = Date.now() + WAIT_MS_MAX;
  for (let number = 1; ;) {
    try {
      // Nothing that may change is sent: Stripe refuses a key that comes again with other parameters.
      const customer = await stripe.customers.create(
        { metadata: { ballast_account: accountId } },
        { idempotencyKey: `customer/${keyed}/${number}` },
      );
      return customer.id;
    } catch (error) {
      if (!(error instanceof Stripe.errors.StripeError)) throw error;
      if (error.statusCode === IN_PROGRESS && Date.now() < deadlineMs) {
        await sleep(WAIT_MS);
        continue;
      }
      // Stripe keeps a 500 under its key. Another customer may then be made in vain; only the first is ever kept.
      if (!(error instanceof Stripe.errors.StripeAPIError) || number === CUSTOMER_TRIES_MAX) throw error;
      number += 1;
    }
  }
}

/** Whether Stripe says that the customer was deleted; one that it never knew was not. Throws when it gives no answer. */
export async function isCustomerDeleted(stripe: Stripe, customerId: string): Promise<boolean> {
  const customer = await found(stripe.customers.retrieve(customerId, {}, LOOK));
  return customer?.deleted === true;
}

/** Deletes an account's customer, and with it the saved methods; one that is gone already is deleted too. */
export async function deleteCustomer(stripe: Stripe, customerId: string): Promise<void> {
  try {
    await stripe.customers.del(customerId);
  } catch (error) {
    if (!(error instanceof Stripe.errors.StripeInvalidRequestError && error.code === 'resource_missing')) throw error;
  }
}

/** The address of a page of Stripe's where an owner saves a card; it leads back to `returnUrl`. */
export async function createSetupPage(stripe: Stripe, customerId: string, returnUrl: string): Promise<string> {
  const session = await namingCustomer(
    customerId,
    stripe.checkout.sessions.create({
      mode: 'setup',
      currency: 'usd',
      customer: customerId,
      success_url: returnUrl,
      cancel_url: returnUrl,
    }),
  );
  if (!session.url) throw new Error(`Stripe gave checkout session ${session.id} no address`);
  return session.url;
}

/** Saves a method for later charges. The id in the answer is the one to keep: each use of one of Stripe's test ids makes a new method. */
export async function attachPaymentMethod(stripe: Stripe, customerId: string, methodId: string): Promise<Attached> {
  try {
    const method = await namingCustomer(customerId, stripe.paymentMethods.attach(methodId, { customer: customerId }));
    return { kind: 'attached', method: toSavedCard(method) };
  } catch (error) {
    if (error instanceof Stripe.errors.StripeCardError) {
      const code = error.code || 'card_declined';
      return { kind: 'declined', code, declineCode: error.decline_code || code, message: error.message };
    }
    if (error instanceof Stripe.errors.StripeInvalidRequestError) return { kind: 'invalid', message: error.message };
    throw error;
  }
}

/** Forgets a method at Stripe; one that is gone already is forgotten too. */
export async function detachPaymentMethod(stripe: Stripe, methodId: string): Promise<void> {
  try {
    await stripe.paymentMethods.detach(methodId);
  } catch (error) {
    if (!(error instanceof Stripe.errors.StripeInvalidRequestError)) throw error;
  }
}
