import fc from 'fast-check';
import type { AutoReloadSettings } from '../../domain/autoReload';
import { centsToNano, nano, type Nano } from '../../domain/money';
import { runTrial, thinCurve, type Movement, type Span, type TrialInput } from '../../domain/trial';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 9, 30);
const dollars = (amount: number): Nano => centsToNano(Math.round(amount * 100));
const settings: AutoReloadSettings = { thresholdCents: 1_000, amountCents: 2_500, monthlyLimitCents: null };
const hours = (...spent: number[]): Span[] =>
  spent.map((amount, hour) => ({
    fromMs: START + hour * HOUR,
    toMs: START + (hour + 1) * HOUR,
    spent: dollars(amount),
  }));
const run = (input: Partial<TrialInput>) =>
  runTrial({ settings, trigger: 'at_or_below', balance: dollars(20), spans: [], movements: [], ...input });
const minutes = (ms: number) => Math.round(ms / 60_000);

test('A18 a reload comes at the moment in which available reaches the threshold, spending taken as even', () => {
  const { reloads, lowest, withoutAccessMs, blockedBy } = run({ spans: hours(5, 10) });
  expect(reloads).toEqual([{ atMs: START + 1.5 * HOUR, cents: 2_500 }]);
  expect([lowest, withoutAccessMs, blockedBy]).toEqual([dollars(10), 0, []]);
});

test('A18 strictly below: what only reaches the threshold reloads nothing', () => {
  expect(run({ spans: hours(10), trigger: 'below' }).reloads).toEqual([]);
  expect(run({ spans: hours(10) }).reloads.length).toBe(1);
});

test('A5 enabling at or below the threshold charges the smallest multiple that brings available above it', () => {
  const { reloads } = run({ balance: dollars(-45), spans: hours(0) });
  expect(reloads).toEqual([{ atMs: START, cents: 7_500 }]);
});

test('A12 a monthly limit stops reloads until the month is over; minutes without access are counted', () => {
  const { reloads, blockedBy, lowest, withoutAccessMs } = run({
    settings: { ...settings, monthlyLimitCents: 2_500 },
    // From 30 October: the first reload after 10 hours, nothing left after 45, and November 48 hours after the begin.
    spans: hours(...Array<number>(60).fill(1)),
  });
  expect(reloads.map(({ atMs }) => (atMs - START) / HOUR)).toEqual([10, 48]);
  expect(blockedBy).toEqual(['monthly_limit']);
  expect(lowest).toBe(dollars(-3));
  expect(minutes(withoutAccessMs)).toBe((48 - 45) * 60);
});

test('A12 more than ten reloads an hour are not made', () => {
  const { reloads, blockedBy } = run({ spans: hours(400, 0) });
  expect(reloads.length).toBe(16);
  expect(blockedBy).toEqual(['breaker']);
  for (const [nth, { atMs }] of reloads.entries())
    if (nth >= 10) expect(atMs - reloads[nth - 10]!.atMs).toBeGreaterThanOrEqual(HOUR);
});

test('A18 payments that were made stay, at their time', () => {
  const movements: Movement[] = [{ atMs: START + 0.5 * HOUR, amount: dollars(100) }];
  expect(run({ spans: hours(12), movements }).reloads).toEqual([]);
  expect(run({ spans: hours(12) }).reloads.length).toBe(1);
});

const money = (max: number) => fc.bigInt({ min: 0n, max: BigInt(max) * 1_000_000_000n }).map(nano);
const inputs = fc.record({
  isOff: fc.boolean(),
  settings: fc.record({
    thresholdCents: fc.integer({ min: 500, max: 10_000 }),
    amountCents: fc.integer({ min: 500, max: 20_000 }),
    monthlyLimitCents: fc.option(fc.integer({ min: 20_000, max: 100_000 })),
  }),
  trigger: fc.constantFrom('at_or_below' as const, 'below' as const),
  balance: fc.bigInt({ min: -50n * 10n ** 9n, max: 200n * 10n ** 9n }).map(nano),
  spans: fc.array(money(60), { minLength: 1, maxLength: 60 }).map((spent) =>
    spent.map((amount, hour): Span => ({
      fromMs: START + hour * HOUR,
      toMs: START + (hour + 1) * HOUR,
      spent: amount,
    })),
  ),
  movements: fc
    .array(fc.record({ atMs: fc.integer({ min: START, max: START + 60 * HOUR }), amount: money(50) }), { maxLength: 5 })
    .map((all) => all.sort((a, b) => a.atMs - b.atMs)),
});
const sum = (amounts: Iterable<bigint>): bigint => [...amounts].reduce((total, amount) => total + amount, 0n);

test('A18 money is exact: what is left is what there was, and what came in, less what was spent', () => {
  fc.assert(
    fc.property(inputs, (input) => {
      const end = START + input.spans.length * HOUR;
      const movements = input.movements.filter(({ atMs }) => atMs < end);
      const settings = input.isOff ? null : input.settings;
      const { reloads, curve, lowest } = runTrial({ ...input, settings, movements });
      if (input.isOff) expect(reloads).toEqual([]);
      const charged = sum(reloads.map(({ cents }) => centsToNano(cents)));
      const expected =
        input.balance +
        charged +
        sum(movements.map(({ amount }) => amount)) -
        sum(input.spans.map(({ spent }) => spent));
      expect(curve.at(-1)!.balance).toBe(expected);
      expect(lowest).toBe(curve.reduce((least, { balance }) => (balance < least ? balance : least), curve[0]!.balance));
      expect(curve.map(({ atMs }) => atMs)).toEqual(curve.map(({ atMs }) => atMs).sort((a, b) => a - b));
    }),
    { numRuns: 500 },
  );
});

test('A12, A17 no month goes over its limit, no hour over ten reloads, and without a guard access never ends after enabling', () => {
  fc.assert(
    fc.property(inputs, (input) => {
      const { reloads, blockedBy, withoutAccessMs } = runTrial({ ...input, movements: [] });
      const byMonth = new Map<string, number>();
      for (const { atMs, cents } of reloads) {
        const month = new Date(atMs).toISOString().slice(0, 7);
        byMonth.set(month, (byMonth.get(month) ?? 0) + cents);
      }
      const { monthlyLimitCents } = input.settings;
      if (monthlyLimitCents !== null)
        for (const cents of byMonth.values()) expect(cents).toBeLessThanOrEqual(monthlyLimitCents);
      reloads.forEach(({ atMs }, nth) => {
        if (nth >= 10) expect(atMs - reloads[nth - 10]!.atMs).toBeGreaterThanOrEqual(HOUR);
      });
      if (blockedBy.length === 0) expect(withoutAccessMs).toBe(0);
    }),
    { numRuns: 500 },
  );
});

test('A18 a thinned curve keeps its begin, its end, its lowest and its highest point', () => {
  const points = fc.array(fc.bigInt({ min: -1_000n, max: 1_000n }), { minLength: 1, maxLength: 400 });
  fc.assert(
    fc.property(points, fc.integer({ min: 10, max: 50 }), (balances, max) => {
      const curve = balances.map((balance, nth) => ({ atMs: nth * 1_000, balance: nano(balance) }));
      const thin = thinCurve(curve, max);
      expect(thin.length).toBeLessThanOrEqual(Math.max(max, 2));
      expect([thin[0], thin.at(-1)]).toEqual([curve[0], curve.at(-1)]);
      const ends = (some: typeof curve) =>
        some.map(({ balance }) => balance).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
      expect(ends(thin)[0]).toBe(ends(curve)[0]);
      expect(ends(thin).at(-1)).toBe(ends(curve).at(-1));
    }),
  );
});
