/** B3, B4: an event costs what the price version in force at its time says. */
import fc from 'fast-check';
import { parseMoney, type Nano } from '../../domain/money';
import { COST_NANO_MAX, priceAt, priceEvent, type Counts, type Price } from '../../domain/pricing';
import { COUNT_MAX, rejectTime } from '../../domain/usageEvent';

const runs = { numRuns: Number(process.env.PROPERTY_RUNS ?? 500) };
const text: Price = {
  fromMs: 0,
  inputPerMillion: parseMoney('3'),
  cachedInputPerMillion: parseMoney('0.30'),
  outputPerMillion: parseMoney('15'),
  perImage: null,
  batch: null,
};
const image: Price = {
  fromMs: 0,
  inputPerMillion: null,
  cachedInputPerMillion: null,
  outputPerMillion: null,
  perImage: new Map([['1024x1024', parseMoney('0.04')]]),
  batch: null,
};
const counts = (given: Partial<Counts>): Counts => ({
  inputTokens: 0,
  cachedInputTokens: 0,
  outputTokens: 0,
  images: 0,
  imageSize: null,
  ...given,
});
const cost = (price: Price, given: Partial<Counts>): Nano | string => {
  const priced = priceEvent(price, counts(given));
  return priced.kind === 'priced' ? priced.cost : priced.because;
};

test('B4 a million input and a million output tokens cost their prices', () => {
  expect(cost(text, { inputTokens: 1_000_000, outputTokens: 1_000_000 })).toBe(parseMoney('18'));
});

test('B4 cached input is a part of the input, at its own price', () => {
  expect(cost(text, { inputTokens: 1_000_000, cachedInputTokens: 400_000 })).toBe(parseMoney('1.92'));
});

test('B4 a model without a cached price charges the input price', () => {
  expect(cost({ ...text, cachedInputPerMillion: null }, { inputTokens: 1_000_000, cachedInputTokens: 400_000 })).toBe(
    parseMoney('3'),
  );
});

test('B4 images cost by their size', () => {
  expect(cost(image, { images: 3, imageSize: '1024x1024' })).toBe(parseMoney('0.12'));
  expect(cost(image, { images: 1, imageSize: '512x512' })).toMatch(/no price for images of size 512x512/);
  expect(cost(image, { images: 1 })).toMatch(/none given/);
});

test('B4 what the price does not cover is not free', () => {
  expect(cost(image, { inputTokens: 1 })).toMatch(/no price for input/);
  expect(cost(image, { outputTokens: 1 })).toMatch(/no price for output/);
});

test('B1 an event is rounded up once, not per part', () => {
  const odd: Price = { ...text, inputPerMillion: 1n as Nano, outputPerMillion: 1n as Nano };
  expect(cost(odd, { inputTokens: 1, outputTokens: 1 })).toBe(1n);
});

test('B3 the cost is the exact sum, rounded up by less than a nano-dollar, and never over its bound', () => {
  const count = fc.integer({ min: 0, max: COUNT_MAX });
  const price = fc.bigInt({ min: 0n, max: 10n ** 15n }).map((value) => value as Nano);
  fc.assert(
    fc.property(
      count,
      count,
      count,
      price,
      price,
      price,
      (input, cached, output, inputPrice, cachedPrice, outputPrice) => {
        fc.pre(cached <= input);
        const version: Price = {
          fromMs: 0,
          inputPerMillion: inputPrice,
          cachedInputPerMillion: cachedPrice,
          outputPerMillion: outputPrice,
          perImage: null,
          batch: null,
        };
        const exact = BigInt(input - cached) * inputPrice + BigInt(cached) * cachedPrice + BigInt(output) * outputPrice;
        const priced = priceEvent(
          version,
          counts({ inputTokens: input, cachedInputTokens: cached, outputTokens: output }),
        );
        if (priced.kind === 'unpriced') return exact > COST_NANO_MAX * 1_000_000n;
        return (
          priced.cost <= COST_NANO_MAX &&
          priced.cost * 1_000_000n >= exact &&
          priced.cost * 1_000_000n - exact < 1_000_000n
        );
      },
    ),
    runs,
  );
});

test('B4 the version in force is the newest that has begun', () => {
  const versions = [10, 20, 30].map((fromMs) => ({ ...text, fromMs }));
  expect([9, 10, 19, 20, 35].map((at) => priceAt(versions, at)?.fromMs)).toEqual([undefined, 10, 10, 20, 30]);
});

test('B4 an event may be 5 minutes ahead and 30 days old, not more', () => {
  const now = 1_800_000_000_000;
  expect(rejectTime(now + 300_000, now)).toBeNull();
  expect(rejectTime(now + 300_001, now)).toMatch(/ahead/);
  expect(rejectTime(now - 30 * 86_400_000, now)).toBeNull();
  expect(rejectTime(now - 30 * 86_400_000 - 1, now)).toMatch(/30 days/);
});
