/** What may be kept of a payment method: enough to recognise it, never to use it (P1). */
import type Stripe from 'stripe';
import type { ChargedCard, SavedCard } from '../domain/payment';

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
    ...expiryIn(shown),
    fingerprint: textIn(shown, 'fingerprint'),
  };
}

/** What a charge has taken: for its receipt, and to know the card again; null where nothing is shown. */
export function chargedWith(details: Stripe.Charge.PaymentMethodDetails): {
  brand: string | null;
  last4: string | null;
  card: ChargedCard | null;
} {
  const shown = shownOf(details);
  const last4 = textIn(shown, 'last4');
  const fingerprint = textIn(shown, 'fingerprint');
  return {
    brand: textIn(shown, 'brand') ?? (last4 === null ? null : details.type),
    last4,
    card: fingerprint === null ? null : { fingerprint, ...expiryIn(shown) },
  };
}

/** By field. A Map: the names are Stripe's to choose. */
type Shown = ReadonlyMap<string, unknown>;

function shownOf(method: { type: string }): Shown {
  const shown: unknown = new Map<string, unknown>(Object.entries(method)).get(method.type);
  return new Map(typeof shown === 'object' && shown !== null ? Object.entries(shown) : []);
}

const expiryIn = (shown: Shown): { expMonth: number | null; expYear: number | null } => ({
  expMonth: numberIn(shown, 'exp_month'),
  expYear: numberIn(shown, 'exp_year'),
});

function textIn(shown: Shown, field: string): string | null {
  const value = shown.get(field);
  return typeof value === 'string' && value !== '' ? value : null;
}

function numberIn(shown: Shown, field: string): number | null {
  const value = shown.get(field);
  return typeof value === 'number' ? value : null;
}
