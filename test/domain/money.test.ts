/** B1: money is exact, in nano-dollars, and rounded in one place. */
import fc from 'fast-check';
import {
  centsToNano,
  divideRoundingUp,
  formatMoney,
  isBalance,
  nano,
  parseBalance,
  parseMoney,
  wholeCents,
} from '../../domain/money';

const runs = { numRuns: Number(process.env.PROPERTY_RUNS ?? 500) };
const amount = fc.bigInt({ min: -999_999_999_999_999_999n, max: 999_999_999_999_999_999n }).map(nano);

test('B1 every amount survives the wire unchanged', () => {
  fc.assert(
    fc.property(amount, (value) => parseMoney(formatMoney(value)) === value),
    runs,
  );
});

test('B1 the wire has at least two decimals, at most nine, and no zeros beyond the second', () => {
  fc.assert(
    fc.property(amount, (value) => /^-?\d+\.(\d\d|\d{2,8}[1-9])$/.test(formatMoney(value))),
    runs,
  );
});

test('B1 a balance is read as it is written, to both ends of 64 bits', () => {
  const balance = fc.oneof(
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.constantFrom(-(2n ** 63n), 2n ** 63n - 1n, 0n, -1n),
  );
  fc.assert(
    fc.property(balance, (value) => {
      const text = formatMoney(nano(value));
      return isBalance(text) && parseBalance(text) === value;
    }),
    runs,
  );
  for (const text of ['', 'NaN', '1e3', '12345678901.00', ' 1', undefined, 7, null])
    expect([text, isBalance(text)]).toEqual([text, false]);
  expect(() => parseBalance('12345678901.00')).toThrow(RangeError);
});

test.each([
  ['12.34', 12_340_000_000n],
  ['-0.000000001', -1n],
  ['0', 0n],
  ['5', 5_000_000_000n],
  ['999999999.999999999', 999_999_999_999_999_999n],
])('B1 "%s" is %s nano-dollars', (text, expected) => expect(parseMoney(text)).toBe(expected));

test.each([
  '',
  '.5',
  '1.',
  '1e3',
  '+1',
  '1,000.00',
  ' 1',
  '1 ',
  '0x10',
  '1234567890',
  '0.1234567890',
  '--1',
  'NaN',
  '١',
])('B1 "%s" is no amount', (text) => {
  expect(() => parseMoney(text)).toThrow(RangeError);
});

test('B1 cards take whole cents only', () => {
  expect(wholeCents(parseMoney('12.34'))).toBe(1_234);
  expect(wholeCents(parseMoney('12.345'))).toBeNull();
  fc.assert(
    fc.property(
      fc.integer({ min: -1_000_000_000, max: 1_000_000_000 }),
      (cents) => wholeCents(centsToNano(cents)) === cents,
    ),
    runs,
  );
});

test('B1 rounding is up, by less than one nano-dollar', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: 10n ** 24n }),
      fc.bigInt({ min: 1n, max: 10n ** 9n }),
      (dividend, divisor) => {
        const quotient = divideRoundingUp(dividend, divisor);
        return quotient * divisor >= dividend && quotient * divisor - dividend < divisor;
      },
    ),
    runs,
  );
});
