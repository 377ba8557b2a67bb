/** A saved method in words. */
import type { Schemas } from '../../api/client';
import type { Attempt, Reload } from '../../api/autoReload';
import { text } from '../../text';
import { wordFor } from '../../text/word';

type Method = Schemas['PaymentMethod'];
const BRANDS = new Map(Object.entries(text.payments.brands));

export const cardName = ({ brand, last4 }: Pick<Method, 'brand' | 'last4'>): string =>
  text.pay.methodOf(BRANDS.get(brand) ?? brand, last4);

/** The method that an attempt was made with, also when it has been removed since; no method: there was none to charge. */
export const triedCard = ({ brand, last4 }: Pick<Attempt, 'brand' | 'last4'>): string =>
  brand === null || last4 === null ? text.payments.noMethodTried : cardName({ brand, last4 });

/** Why it was declined, in plain words; the provider's own for a code that has none here. Null: it was not declined. */
export function whyDeclined({
  declineCode,
  declineMessage,
}: Pick<Attempt, 'declineCode' | 'declineMessage'>): string | null {
  return declineCode === null ? declineMessage : wordFor(text.payments.declines, declineCode, declineMessage);
}

export function expiryOf({ expMonth, expYear }: Method): string | null {
  return expMonth === null || expYear === null ? null : `${String(expMonth).padStart(2, '0')}/${expYear}`;
}

/** The last attempt of reloads with each method, by the method's id. */
export const lastAttempts = (reloads: readonly Pick<Reload, 'attempts'>[]): ReadonlyMap<string, Attempt> =>
  new Map(
    reloads
      .flatMap(({ attempts }) => attempts)
      .toSorted((a, b) => (a.at < b.at ? -1 : 1))
      .map((attempt) => [attempt.method, attempt]),
  );
