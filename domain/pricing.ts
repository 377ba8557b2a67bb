/** What a usage event costs: the price version in force at its time, rounded up once (B1, B3, B4). */
import { divideRoundingUp, type Nano } from './money';
import type { UsageEvent } from './usageEvent';

/** Nano-dollars per million tokens; null where the model has no such price. */
export type TokenPrices = {
  inputPerMillion: Nano | null;
  /** Null: cached input costs what input costs (B4). */
  cachedInputPerMillion: Nano | null;
  outputPerMillion: Nano | null;
};

/** A price version. */
export type Price = TokenPrices & {
  /** Milliseconds since the epoch: in force from here until the next version begins. */
  fromMs: number;
  /** Nano-dollars per image, by size such as `1024x1024`. */
  perImage: ReadonlyMap<string, Nano> | null;
  /** In a batch; null: it costs there what it costs elsewhere (L1). */
  batch: TokenPrices | null;
};

export type Counts = Pick<UsageEvent, 'inputTokens' | 'cachedInputTokens' | 'outputTokens' | 'images' | 'imageSize'>;
export type Priced = { kind: 'priced'; cost: Nano } | { kind: 'unpriced'; because: string };

/** The highest cost one event may have: $100,000. It keeps the sum of any commit within a bigint. */
export const COST_NANO_MAX = 100_000n * 1_000_000_000n;
/** A new price for a priced model starts at least this far ahead, so that every process has it in time (B4). */
export const PRICE_LEAD_MS = 60_000;

/** The version in force at a time, or null before the first. `prices` ascend by `fromMs`. */
export function priceAt(prices: readonly Price[], atMs: number): Price | null {
  for (let i = prices.length - 1; i >= 0; i--) {
    if (prices[i]!.fromMs <= atMs) return prices[i]!;
  }
  return null;
}

/** The cost in nano-dollars, or why the price does not cover what was counted. */
export function priceEvent(price: Price, counts: Counts): Priced {
  const { inputTokens, cachedInputTokens, outputTokens, images, imageSize } = counts;
  if (inputTokens > 0 && price.inputPerMillion === null) return unpriced('the model has no price for input tokens');
  if (outputTokens > 0 && price.outputPerMillion === null) return unpriced('the model has no price for output tokens');
  const perImage = imageSize === null ? undefined : price.perImage?.get(imageSize);
  if (images > 0 && perImage === undefined)
    return unpriced(`the model has no price for images of size ${imageSize ?? '(none given)'}`);

  const inputPrice = price.inputPerMillion ?? 0n;
  const tokens =
    BigInt(inputTokens - cachedInputTokens) * inputPrice +
    BigInt(cachedInputTokens) * (price.cachedInputPerMillion ?? inputPrice) +
    BigInt(outputTokens) * (price.outputPerMillion ?? 0n);
  // Image prices are whole nano-dollars, so putting them over the same divisor rounds the event once.
  const cost = divideRoundingUp(tokens + BigInt(images) * (perImage ?? 0n) * 1_000_000n, 1_000_000n);
  return cost > COST_NANO_MAX ? unpriced('one event may cost at most $100,000') : { kind: 'priced', cost };
}

const unpriced = (because: string): Priced => ({ kind: 'unpriced', because });
