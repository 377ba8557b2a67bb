import fc from 'fast-check';
import { advise } from '../../domain/advice';
import { RANGES } from '../../domain/autoReload';
import { nano, parseMoney } from '../../domain/money';

const DAY_MS = 86_400_000;
const adviceFor = (dailySpend: string, available = '0') =>
  advise(parseMoney(dailySpend), DAY_MS, parseMoney(available));

test('A16 low use is advised a threshold of $10, medium $20, high $40 or more', () => {
  expect(adviceFor('0').thresholdCents).toBe(1_000);
  expect(adviceFor('4.99').thresholdCents).toBe(1_000);
  expect(adviceFor('5').thresholdCents).toBe(2_000);
  expect(adviceFor('20').thresholdCents).toBe(4_000);
  expect(adviceFor('9600').thresholdCents).toBe(20_000); // half an hour at $400 an hour
});

test('A16 the amount is two to three days of spend, in whole steps of $5', () => {
  expect(adviceFor('20').amountCents).toBe(5_000);
  expect(adviceFor('1').amountCents).toBe(500);
});

test('minutes left follow from available and the rate', () => {
  expect(adviceFor('24', '1').minutesLeft).toBe(60);
  expect(adviceFor('24', '-1').minutesLeft).toBe(0);
  expect(adviceFor('0', '1').minutesLeft).toBeNull();
});

test('advice is always something that can be set', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: 10n ** 18n }),
      fc.integer({ min: 1, max: 7 * DAY_MS }),
      fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }),
      (spent, overMs, available) => {
        const { thresholdCents, amountCents } = advise(nano(spent), overMs, nano(available));
        expect(thresholdCents).toBeGreaterThanOrEqual(RANGES.thresholdCents[0]);
        expect(thresholdCents).toBeLessThanOrEqual(RANGES.thresholdCents[1]);
        expect(amountCents).toBeGreaterThanOrEqual(RANGES.amountCents[0]);
        expect(amountCents).toBeLessThanOrEqual(RANGES.amountCents[1]);
      },
    ),
  );
});
