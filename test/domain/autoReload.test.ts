/** A2, A3, A5: what may be set, when a reload is due, what a first charge would be. */
import fc from 'fast-check';
import {
  checkSettings,
  DEFAULT_BOUNDS,
  firstCharge,
  reached,
  triggerLevel,
  FIRST_CHARGE_CENTS_MAX,
  type AutoReloadSettings,
} from '../../domain/autoReload';
import { resumeCharge } from '../../domain/assessSettings';
import { centsToNano, nano, parseMoney } from '../../domain/money';

const runs = { numRuns: Number(process.env.PROPERTY_RUNS ?? 500) };
const settings = (
  thresholdCents: number,
  amountCents: number,
  monthlyLimitCents: number | null = null,
): AutoReloadSettings => ({ thresholdCents, amountCents, monthlyLimitCents });
const valid = fc.record({
  thresholdCents: fc.integer({ min: 500, max: 1_000_000 }),
  amountCents: fc.integer({ min: 500, max: 250_000 }),
  monthlyLimitCents: fc.constant(null),
});
const available = fc.bigInt({ min: -50_000_000_000_000n, max: 50_000_000_000_000n }).map(nano);

test('A2 the ends of the ranges are inside', () => {
  expect(checkSettings(settings(500, 500), DEFAULT_BOUNDS)).toEqual([]);
  expect(checkSettings(settings(1_000_000, 250_000), DEFAULT_BOUNDS)).toEqual([]);
});

test('A2 what is outside is named with its range', () => {
  expect(checkSettings(settings(499, 250_001), DEFAULT_BOUNDS)).toEqual([
    { path: 'threshold', message: 'must be from 5.00 to 10000.00' },
    { path: 'amount', message: 'must be from 5.00 to 2500.00' },
  ]);
});

test('A12 a monthly limit below one reload could never be used', () => {
  expect(checkSettings(settings(500, 2_500, 2_499), DEFAULT_BOUNDS)).toMatchObject([{ path: 'monthlyLimit' }]);
});

test('A3 "at or below" includes the threshold, "below" does not; the wake level says the same', () => {
  const at = parseMoney('10');
  expect([reached(at, 1_000, 'at_or_below'), reached(at, 1_000, 'below')]).toEqual([true, false]);
  fc.assert(
    fc.property(
      available,
      fc.constantFrom('at_or_below' as const, 'below' as const),
      (value, trigger) => reached(value, 1_000, trigger) === value <= triggerLevel(1_000, trigger),
    ),
    runs,
  );
});

test('A13 resuming charges as many reloads as are due one after the other, and no more', () => {
  const triggers = fc.constantFrom('at_or_below' as const, 'below' as const);
  const open = { isReloadOpen: false, setReasons: [] };
  expect(resumeCharge({ ...open, available: parseMoney('0') }, settings(1_000, 1_000), 'below')).toBe(1_000);
  expect(resumeCharge({ ...open, available: parseMoney('0') }, settings(1_000, 1_000), 'at_or_below')).toBe(2_000);
  fc.assert(
    fc.property(available, valid, triggers, (value, wished, trigger) => {
      const cents = resumeCharge({ ...open, available: value }, wished, trigger);
      const after = nano(value + centsToNano(cents));
      const before = nano(after - centsToNano(wished.amountCents));
      return (
        !reached(after, wished.thresholdCents, trigger) &&
        (cents === 0 || reached(before, wished.thresholdCents, trigger))
      );
    }),
    runs,
  );
});

test('A5 the first charge is the smallest whole multiple that brings available above the threshold', () => {
  fc.assert(
    fc.property(available, valid, (value, wished) => {
      const charge = firstCharge(value, wished, 'at_or_below');
      const threshold = centsToNano(wished.thresholdCents);
      if (charge.kind === 'none') return value > threshold;
      const cents = charge.kind === 'charge' ? charge.cents : charge.neededCents;
      const above = value + centsToNano(cents) > threshold;
      const notWithOneLess = value + centsToNano(cents - wished.amountCents) <= threshold;
      return (
        cents % wished.amountCents === 0 &&
        above &&
        notWithOneLess &&
        (charge.kind === 'charge') === cents <= FIRST_CHARGE_CENTS_MAX
      );
    }),
    runs,
  );
});
