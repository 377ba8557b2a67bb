/** What the console calls payment methods: no two of an account are called the same. */
import { join } from 'node:path';

type Card = {
  id: string;
  brand: string;
  last4: string;
  expMonth: number | null;
  expYear: number | null;
  role: string | null;
};
const { cardNames } = jest.requireActual<{ cardNames: (cards: readonly Card[]) => ReadonlyMap<string, string> }>(
  join(process.cwd(), 'console', 'src', 'features', 'payment', 'card'),
);

const visa = { id: 'visa', brand: 'visa', last4: '4242', expMonth: 6, expYear: 2027, role: null };
const namesOf = (...cards: Partial<Card>[]): string[] => [
  ...cardNames(cards.map((card, at) => ({ ...visa, id: String(at), ...card }))).values(),
];

test('C1 a card is called by brand and digits, as long as no other is', () => {
  expect(namesOf({}, { last4: '1881' }, { brand: 'mastercard' })).toEqual([
    'Visa ending in 4242',
    'Visa ending in 1881',
    'Mastercard ending in 4242',
  ]);
});

test('C1 cards with the same brand and digits are told apart by their expiry, the others keep their short names', () => {
  expect(namesOf({}, { expYear: 2031 }, { last4: '1881' })).toEqual([
    'Visa ending in 4242, expires 06/2027',
    'Visa ending in 4242, expires 06/2031',
    'Visa ending in 1881',
  ]);
});

test('C1 the same card saved several times is told apart by its role, and at last by its place', () => {
  expect(namesOf({ role: 'primary' }, { role: 'backup' }, {})).toEqual([
    'Visa ending in 4242, expires 06/2027, primary',
    'Visa ending in 4242, expires 06/2027, backup',
    'Visa ending in 4242, expires 06/2027',
  ]);
  const account = { brand: 'us_bank_account', expMonth: null, expYear: null };
  expect(namesOf(account, account)).toEqual([
    'us_bank_account ending in 4242, no. 1',
    'us_bank_account ending in 4242, no. 2',
  ]);
});
