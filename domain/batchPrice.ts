/** What a batch request costs, or may cost at most, by the prices of its job's creation (L3). */
import type { BatchUsage } from './batchUsage';
import { divideRoundingUp, nano, type Nano } from './money';
import { priceAt, priceEvent, type Price } from './pricing';

/** Nano-dollars per million tokens. */
export type BatchPrices = { inputPerMillion: Nano; cachedInputPerMillion: Nano; outputPerMillion: Nano };
/** What a request, or all of a file's together, is estimated at. */
export type EstimatedTokens = { inputTokens: number; outputTokens: number };

/** One request, rounded up once. Null when it would cost more than one event may. */
export function priceBatchUsage(prices: BatchPrices, usage: BatchUsage): Nano | null {
  const price: Price = { fromMs: 0, ...prices, perImage: null, batch: null };
  const priced = priceEvent(price, { ...usage, images: 0, imageSize: null });
  return priced.kind === 'priced' ? priced.cost : null;
}

/** One request at most: nothing of its input is cached. */
export const estimateRequest = (prices: BatchPrices, { inputTokens, outputTokens }: EstimatedTokens): Nano =>
  divideRoundingUp(
    BigInt(inputTokens) * prices.inputPerMillion + BigInt(outputTokens) * prices.outputPerMillion,
    1_000_000n,
  );

/** All requests of a file: at least the sum of their estimates, each of which is rounded up. */
export const estimateFile = (prices: BatchPrices, totals: EstimatedTokens, requests: number): Nano =>
  nano(estimateRequest(prices, totals) + BigInt(requests));

/** Of the price version in force: its batch prices, or its ordinary ones; null where text has no price. */
export function batchPricesAt(prices: readonly Price[], atMs: number): BatchPrices | null {
  const price = priceAt(prices, atMs);
  const of = price?.batch ?? price;
  if (!of || of.inputPerMillion === null || of.outputPerMillion === null) return null;
  const { inputPerMillion, cachedInputPerMillion, outputPerMillion } = of;
  return { inputPerMillion, cachedInputPerMillion: cachedInputPerMillion ?? inputPerMillion, outputPerMillion };
}
