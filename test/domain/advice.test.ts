import fc from 'fast-check';
import { advise } from '../../domain/advice';
import { DEFAULT_BOUNDS, type SettingsBounds } from '../../domain/autoReload';
import { nano, parseMoney } from '../../domain/money';

const DAY_MS = 86_400_000;
const adviceFor = (dailySpend: string, available = '0') =>
  advise(parseMoney(dailySpend), DAY_MS, parseMoney(available), DEFAULT_BOUNDS);

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

const narrow: SettingsBounds = {
  threshold: { presets: [2_500], range: [2_500, 5_000] },
  amount: { presets: [10_000], range: [10_000, 20_000] },
};

test('A2, A16 advice is always something that can be set, whatever ranges the deployment has', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: 10n ** 18n }),
      fc.integer({ min: 1, max: 7 * DAY_MS }),
      fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }),
      fc.constantFrom(DEFAULT_BOUNDS, narrow),
      (spent, overMs, available, bounds) => {
        const { thresholdCents, amountCents } = advise(nano(spent), overMs, nano(available), bounds);
        expect(thresholdCents).toBeGreaterThanOrEqual(bounds.threshold.range[0]);
        expect(thresholdCents).toBeLessThanOrEqual(bounds.threshold.range[1]);
        expect(amountCents).toBeGreaterThanOrEqual(bounds.amount.range[0]);
        expect(amountCents).toBeLessThanOrEqual(bounds.amount.range[1]);
      },
    ),
  );
});
