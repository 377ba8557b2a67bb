import { draw, judge, table, type Curve } from '../../bench/soak/curves';

const curve = (values: number[], slack = 5): Curve => ({ name: 'memory', unit: 'MB', slack, values });
const over = (samples: number, value: (share: number) => number): number[] =>
  Array.from({ length: samples }, (_, i) => value(i / (samples - 1)));

test('what grows until the end is not flat, however little a minute', () => {
  expect(judge(curve(over(240, (share) => 200 + 60 * share))).isFlat).toBe(false);
  expect(judge(curve(over(240, (share) => 10 + 20 * share))).isFlat).toBe(false);
});

test('warming up, a peak, a wave and growth within the slack are flat', () => {
  expect(judge(curve(over(240, (share) => (share < 0.2 ? 100 : 200)))).isFlat).toBe(true);
  expect(judge(curve(over(240, (share) => (share > 0.9 && share < 0.95 ? 900 : 200)))).isFlat).toBe(true);
  expect(judge(curve(over(240, (share) => 200 + 10 * Math.sin(share * 50)))).isFlat).toBe(true);
  expect(judge(curve(over(240, (share) => 4 + 3 * share))).isFlat).toBe(true);
});

test('the table says which has grown, and the picture draws each sample', () => {
  const grown = curve(over(40, (share) => 100 + 100 * share));
  expect(table([grown, curve(over(40, () => 7))])).toMatch(/memory .*GROWN\nmemory +7 +7 +7 +MB +flat$/);
  expect(
    draw([grown], 20)
      .match(/points="([^"]+)"/)![1]!
      .split(' '),
  ).toHaveLength(40);
});
