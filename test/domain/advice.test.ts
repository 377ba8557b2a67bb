import fc from 'fast-check';
import { advise, type Spending } from '../../domain/advice';
import { DEFAULT_BOUNDS, type SettingsBounds } from '../../domain/autoReload';
import { nano, parseMoney, zero, type Nano } from '../../domain/money';

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** So much each day, for a week, at the same rate all the time. */
const steady = (daily: string): Spending => {
  const day = parseMoney(daily);
  return {
    spent: nano(day * 8n),
    overMs: 8 * DAY_MS,
    dearestDay: day,
    lastHour: nano(day / 24n),
    lastHourMs: HOUR_MS,
  };
};
const adviceFor = (daily: string, available = '0') => advise(steady(daily), parseMoney(available), DEFAULT_BOUNDS);

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

test('A16 an hour is no day: $16 in the first one is $16 a day, and still warns how soon it ends', () => {
  const spent = parseMoney('16');
  const first = { spent, overMs: HOUR_MS, dearestDay: spent, lastHour: spent, lastHourMs: HOUR_MS };
  expect(advise(first, parseMoney('32'), DEFAULT_BOUNDS)).toMatchObject({
    dailySpend: spent,
    amountCents: 4_000,
    thresholdCents: 2_000,
    minutesLeft: 120,
  });
});

test('A16 a batch once a week is high use, though its average is low', () => {
  const week = { ...steady('0'), spent: parseMoney('32'), dearestDay: parseMoney('32') };
  expect(advise(week, zero, DEFAULT_BOUNDS)).toMatchObject({ dailySpend: parseMoney('4'), thresholdCents: 4_000 });
});

const money = (maxNano: bigint) => fc.bigInt({ min: 0n, max: maxNano }).map(nano);
/** Days that begin at midnight, the last of them not over yet, and how much of them was in the last hour. */
const histories = fc
  .record({
    days: fc.array(money(10n ** 15n), { minLength: 1, maxLength: 8 }),
    todayMs: fc.integer({ min: 1, max: DAY_MS }),
    ofLastHour: fc.integer({ min: 0, max: 100 }),
  })
  .map(({ days, todayMs, ofLastHour }): { days: Nano[]; spending: Spending } => ({
    days,
    spending: {
      spent: nano(days.reduce((sum, day) => sum + day, 0n)),
      overMs: (days.length - 1) * DAY_MS + todayMs,
      dearestDay: nano(days.reduce((dearest, day) => (day > dearest ? day : dearest), 0n)),
      lastHour: nano((days.at(-1)! * BigInt(ofLastHour)) / 100n),
      lastHourMs: HOUR_MS,
    },
  }));

test('A16 the spend a day is never more than all that was really spent, and over its days no more than that', () => {
  fc.assert(
    fc.property(histories, ({ days, spending }) => {
      const { dailySpend, currentDaily } = advise(spending, zero, DEFAULT_BOUNDS);
      expect(dailySpend).toBeLessThanOrEqual(spending.spent);
      if (days.length > 1) expect(dailySpend * BigInt(days.length - 1)).toBeLessThanOrEqual(spending.spent);
      if (days.length === 1) expect(dailySpend).toBe(spending.spent);
      expect(currentDaily).toBeGreaterThanOrEqual(dailySpend);
    }),
  );
});

test('A16 advice grows with what is spent, and the last hour alone moves nothing but the time left', () => {
  fc.assert(
    fc.property(histories, money(10n ** 15n), ({ spending }, more) => {
      const before = advise(spending, nano(10n ** 12n), DEFAULT_BOUNDS);
      const dearer = {
        ...spending,
        spent: nano(spending.spent + more),
        dearestDay: nano(spending.dearestDay + more),
      };
      const after = advise(dearer, nano(10n ** 12n), DEFAULT_BOUNDS);
      expect(after.dailySpend).toBeGreaterThanOrEqual(before.dailySpend);
      expect(after.thresholdCents).toBeGreaterThanOrEqual(before.thresholdCents);
      expect(after.amountCents).toBeGreaterThanOrEqual(before.amountCents);
      const idle = advise({ ...spending, lastHour: zero }, nano(10n ** 12n), DEFAULT_BOUNDS);
      const { minutesLeft, currentDaily, ...steadily } = idle;
      expect(before).toMatchObject(steadily);
      expect(currentDaily).toBe(idle.dailySpend);
      expect(minutesLeft ?? Infinity).toBeGreaterThanOrEqual(before.minutesLeft ?? Infinity);
    }),
  );
});

const narrow: SettingsBounds = {
  threshold: { presets: [2_500], range: [2_500, 5_000] },
  amount: { presets: [10_000], range: [10_000, 20_000] },
};

test('A2, A16 advice is always something that can be set, whatever ranges the deployment has', () => {
  fc.assert(
    fc.property(
      histories,
      fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }),
      fc.constantFrom(DEFAULT_BOUNDS, narrow),
      ({ spending }, available, bounds) => {
        const { thresholdCents, amountCents } = advise(spending, nano(available), bounds);
        expect(thresholdCents).toBeGreaterThanOrEqual(bounds.threshold.range[0]);
        expect(thresholdCents).toBeLessThanOrEqual(bounds.threshold.range[1]);
        expect(amountCents).toBeGreaterThanOrEqual(bounds.amount.range[0]);
        expect(amountCents).toBeLessThanOrEqual(bounds.amount.range[1]);
      },
    ),
  );
});
