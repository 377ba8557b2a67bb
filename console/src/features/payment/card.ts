/** A saved method in words. */
import type { Schemas } from '../../api/client';
import type { Attempt } from '../../api/autoReload';
import { text } from '../../text';
import { wordFor } from '../../text/word';

type Method = Schemas['PaymentMethod'];
/** What tells one card from another. */
type Card = Pick<Method, 'id' | 'brand' | 'last4' | 'expMonth' | 'expYear'> & { role: string | null };
const BRANDS = new Map(Object.entries(text.payments.brands));

const cardName = ({ brand, last4 }: Card): string => text.pay.methodOf(BRANDS.get(brand) ?? brand, last4);

export function expiryOf({ expMonth, expYear }: Pick<Card, 'expMonth' | 'expYear'>): string | null {
  return expMonth === null || expYear === null ? null : `${String(expMonth).padStart(2, '0')}/${expYear}`;
}

/** What is added to names that are the same, until they are not. `place`: among those that are called the same. */
const MORE: readonly ((card: Card, place: number) => string | null)[] = [
  (card) => {
    const expiry = expiryOf(card);
    return expiry && text.pay.expiring(expiry);
  },
  ({ role }) => role && wordFor(text.pay.roles, role).toLowerCase(),
  (_, place) => text.pay.place(place),
];

/** What each of them is called, by its id: brand and last digits, and where others have the same, what tells it from them. */
export function cardNames(cards: readonly Card[]): ReadonlyMap<string, string> {
  let names = cards.map(cardName);
  for (const more of MORE) {
    const before = names;
    names = before.map((name, at) => {
      const alike = before.flatMap((other, place) => (other === name ? [place] : []));
      const added = alike.length > 1 && more(cards[at]!, alike.indexOf(at) + 1);
      return added ? `${name}, ${added}` : name;
    });
  }
  return new Map(cards.map(({ id }, at) => [id, names[at]!]));
}

/** What the methods of these attempts are called, also those that have been removed since; no method: there was none to charge. */
export function triedCards(attempts: readonly Attempt[]): (attempt: Attempt) => string {
  const cards = attempts.flatMap(({ method: id, brand, last4, ...card }) =>
    brand === null || last4 === null ? [] : [{ id, brand, last4, ...card }],
  );
  const names = cardNames([...new Map(cards.map((card) => [card.id, card])).values()]);
  return ({ method }) => names.get(method) ?? text.payments.noMethodTried;
}

/** Why it was declined, in plain words; the provider's own for a code that has none here. Null: it was not declined. */
export function whyDeclined({
  declineCode,
  declineMessage,
}: Pick<Attempt, 'declineCode' | 'declineMessage'>): string | null {
  return declineCode === null ? declineMessage : wordFor(text.payments.declines, declineCode, declineMessage);
}
