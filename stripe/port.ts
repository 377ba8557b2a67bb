/** All that Ballast asks of the payment provider: facts, which are true now, and commands, which may be repeated. */
import type {
  PaymentAnswer,
  PaymentClaim,
  PaymentNews,
  SeenCheckout,
  SeenIntent,
  SeenMethod,
  TakenBack,
} from '../domain/payment';
import type { CheckoutMade, NewCheckout } from './checkout';
import type { Confirmation, CreatedIntent } from './intents';
import type { Page } from './listing';
import type { ReadEvent } from './news';
import type { Attached } from './paymentMethods';
import type { RefundAnswer, RefundWish } from './refunds';

/** Every call is bounded in time. Facts throw when the provider gives no answer; commands answer `unknown` then. */
export type PaymentProvider = {
  // Facts.
  /** @param knownChargeId the newest charge whose outcome was recorded before: a decline of it is no news */
  seeIntent(paymentIntentId: string, knownChargeId: string | null): Promise<SeenIntent>;
  seeTakenBack(paymentIntentId: string): Promise<TakenBack>;
  /** Null when there is no such session. */
  seeCheckout(sessionId: string): Promise<SeenCheckout | null>;
  /** Null when there is no such method. */
  seeMethod(methodId: string): Promise<SeenMethod | null>;
  isCustomerDeleted(customerId: string): Promise<boolean>;
  /** Events since a time, newest first. */
  listNews(sinceMs: number, after: string | null): Promise<Page<PaymentNews>>;
  /** Every PaymentIntent that says it is ours, newest first. */
  listOurIntents(after: string | null): Promise<Page<string>>;
  /** The customer's PaymentIntents, newest first. */
  listIntents(customerId: string, after: string | null): Promise<Page<SeenIntent>>;
  /** The account's PaymentIntents that are ours, of whatever customer and in no order; null where there is no search. */
  searchIntents(accountId: string, after: string | null): Promise<Page<SeenIntent> | null>;
  /** Resolves when the provider answers at all. */
  reach(timeoutMs: number): Promise<void>;
  /** Verifies an event by its signature and age. */
  readEvent(body: Buffer, signature: string | undefined, secrets: readonly string[], nowMs: number): ReadEvent;

  // Commands about payments.
  createIntent(claim: PaymentClaim, looks: number): Promise<CreatedIntent>;
  confirmIntent(confirmation: Confirmation, idempotencyKey: string | null): Promise<PaymentAnswer>;
  cancelIntent(paymentIntentId: string): Promise<PaymentAnswer>;
  createCheckoutPage(checkout: NewCheckout, looks: number): Promise<CheckoutMade>;
  createRefund(wish: RefundWish): Promise<RefundAnswer>;

  // Commands about customers and their methods. They throw when the provider gives no answer, and `CustomerMissing`.
  createCustomer(accountId: string, generation: number): Promise<string>;
  /** A customer that is gone already is deleted too. */
  deleteCustomer(customerId: string): Promise<void>;
  createSetupPage(customerId: string, returnUrl: string): Promise<string>;
  attachPaymentMethod(customerId: string, methodId: string): Promise<Attached>;
  detachPaymentMethod(methodId: string): Promise<void>;
};
