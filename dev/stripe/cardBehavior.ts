// How a card behaves when it is attached, charged, asked to authenticate, and afterwards.
import { z } from 'zod';

export const cardBehavior = z.strictObject({
  /** A decline code when the card cannot be attached to a customer. */
  attachDecline: z.string().min(1).max(60).nullable(),
  /** A decline code when every charge is declined. */
  chargeDecline: z.string().min(1).max(60).nullable(),
  /** When the owner must confirm: never, at every payment, until it was set up for later use, or on session only. */
  authentication: z.enum(['never', 'always', 'until_set_up', 'on_session']),
  /**
   * `processing`: the charge stays pending until POST /_sim/payment-intents/:id/settle decides it. `bank_transfer`: the
   * customer gets instructions for a transfer, which the same switch lets arrive or expire.
   */
  settlement: z.enum(['immediate', 'processing', 'bank_transfer']),
  /** What the customer's bank does after a successful charge. */
  dispute: z.enum(['none', 'fraudulent', 'product_not_received', 'inquiry']),
  refund: z.enum(['succeeded', 'pending_then_succeeded', 'succeeded_then_failed']),
});

export type CardBehavior = z.infer<typeof cardBehavior>;

export const PAYS: CardBehavior = {
  attachDecline: null,
  chargeDecline: null,
  authentication: 'never',
  settlement: 'immediate',
  dispute: 'none',
  refund: 'succeeded',
};

/** The hidden side of a payment method. */
export type Card = {
  id: string;
  number: string;
  behavior: CardBehavior;
  /** Set up for off-session use by a SetupIntent or by a payment with setup_future_usage. */
  setUp: boolean;
  /** Paid without a customer, or detached: Stripe lets such a payment method never be used again. */
  spent: boolean;
};

export function needsAuthentication(card: Card, offSession: boolean): boolean {
  switch (card.behavior.authentication) {
    case 'never':
      return false;
    case 'always':
      return true;
    case 'until_set_up':
      return !card.setUp;
    case 'on_session':
      return !offSession;
  }
}
