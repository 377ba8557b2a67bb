/** P6: reconciliation stops for an outage, and for nothing that is wrong with one payment, account or method. */
import { accountClosed, Problem, unavailable } from '../../domain/errors';
import { isOutage } from '../../payments/outage';

test.each([
  ['Stripe is away', unavailable('payments_unavailable', 'Stripe can not be reached.'), true],
  ['Postgres is away', unavailable('database_unavailable', 'The ledger can not be reached.'), true],
  ['Postgres refuses connections', Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }), true],
  ['the account is being closed', accountClosed('acme'), false],
  ['the account is full', new Problem('limit_reached', 'It has 20 methods.'), false],
  ['a fault of ours', new TypeError('x is not a function'), false],
])('P6 %s: is that an outage?', (_, error, expected) => {
  expect(isOutage(error)).toBe(expected);
});
