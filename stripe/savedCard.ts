/** What may be kept of a payment method: enough to recognise it, never to use it (P1). */
import type Stripe from 'stripe';
import type { SavedCard } from '../domain/payment';

/**
 * Stripe puts what it shows of a method under the name of its type: `card`, `us_bank_account`, `sepa_debit` and so on. A
 * bank account has the end of its number and a fingerprint, as a card has; its brand is its type.
 */
export function toSavedCard(method: Stripe.PaymentMethod): SavedCard {
  const shown = shownOf(method);
  return {
    id: method.id,
    brand: textIn(shown, 'brand') ?? method.type,
    last4: textIn(shown, 'last4') ?? '',
    expMonth: numberIn(shown, 'exp_month'),
    expYear: numberIn(shown, 'exp_year'),
    fingerprint: textIn(shown, 'fingerprint'),
  };
}

/** Brand and end of the number of what a charge has taken, for its receipt; null where nothing is shown. */
export function chargedWith(details: Stripe.Charge.PaymentMethodDetails): {
  brand: string | null;
  last4: string | null;
} {
  const shown = shownOf(details);
  const last4 = textIn(shown, 'last4');
  return { brand: textIn(shown, 'brand') ?? (last4 === null ? null : details.type), last4 };
}

type Shown = Record<string, unknown>;

function shownOf(method: { type: string }): Shown {
  const shown = Object.hasOwn(method, method.type) ? (method as unknown as Shown)[method.type] : null;
  return typeof shown === 'object' && shown !== null ? (shown as Shown) : {};
}

const textIn = (shown: Shown, field: string): string | null =>
  typeof shown[field] === 'string' && shown[field] !== '' ? shown[field] : null;
const numberIn = (shown: Shown, field: string): number | null =>
  typeof shown[field] === 'number' ? shown[field] : null;
