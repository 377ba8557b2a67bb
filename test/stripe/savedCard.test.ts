import type Stripe from 'stripe';
import { chargedWith, toSavedCard } from '../../stripe/savedCard';

const method = (type: string, shown: object | undefined): Stripe.PaymentMethod =>
  ({ id: 'pm_1', object: 'payment_method', type, ...(shown && { [type]: shown }) }) as unknown as Stripe.PaymentMethod;

test.each(['us_bank_account', 'sepa_debit', 'acss_debit', 'au_becs_debit', 'bacs_debit', 'nz_bank_account'])(
  'P1 a %s keeps the end of its number and its fingerprint',
  (type) =>
    expect(toSavedCard(method(type, { last4: '6789', fingerprint: 'fp', bank_name: 'Bank' }))).toEqual({
      id: 'pm_1',
      brand: type,
      last4: '6789',
      expMonth: null,
      expYear: null,
      fingerprint: 'fp',
    }),
);

test('P1 a card keeps its brand and expiry', () =>
  expect(
    toSavedCard(method('card', { brand: 'visa', last4: '4242', exp_month: 6, exp_year: 2030, fingerprint: 'fp' })),
  ).toEqual({ id: 'pm_1', brand: 'visa', last4: '4242', expMonth: 6, expYear: 2030, fingerprint: 'fp' }));

test.each(['link', 'constructor', '__proto__'])('P1 a method that shows nothing (%s) is its type and no more', (type) =>
  expect(toSavedCard(method(type, type === 'link' ? { email: null } : undefined))).toMatchObject({
    brand: type,
    last4: '',
    fingerprint: null,
  }),
);

test('P1 a receipt names a bank account by its type and the end of its number, a card by its brand, a wallet not at all', () => {
  const details = (of: object) => chargedWith(of as Stripe.Charge.PaymentMethodDetails);
  expect(details({ type: 'card', card: { brand: 'visa', last4: '4242' } })).toEqual({
    brand: 'visa',
    last4: '4242',
    card: null,
  });
  expect(details({ type: 'us_bank_account', us_bank_account: { last4: '6789', fingerprint: 'fp' } })).toEqual({
    brand: 'us_bank_account',
    last4: '6789',
    card: { fingerprint: 'fp', expMonth: null, expYear: null },
  });
  expect(details({ type: 'link', link: { country: 'US' } })).toEqual({ brand: null, last4: null, card: null });
});
