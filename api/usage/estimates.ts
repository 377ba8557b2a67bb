/** What a request may cost at most, by the price that is in force when it is asked (B5). */
import { Problem } from '../../domain/errors';
import type { Nano } from '../../domain/money';
import { priceEvent } from '../../domain/pricing';
import type { PriceBook } from '../../usage/priceBook';

export type Estimate = {
  model: string;
  inputTokens: number;
  maxOutputTokens: number;
  images: number;
  imageSize?: string | undefined;
};

/** The cost, with no input cached; or the problem because of which it has no price, returned so that a repeat can still be answered. */
export async function priceEstimate(
  prices: PriceBook,
  { model, inputTokens, maxOutputTokens, images, imageSize }: Estimate,
  nowMs: number,
): Promise<Nano | Problem> {
  await prices.fresh();
  if (typeof prices.find(model, nowMs) === 'string') await prices.learn([model]);
  const price = prices.find(model, nowMs);
  if (price === 'unknown_model') return unpriced('unknown_model', `there is no model ${model}`);
  if (price === 'no_price') return unpriced('no_price', `the model ${model} has no price now`);
  const result = priceEvent(price, {
    inputTokens,
    cachedInputTokens: 0,
    outputTokens: maxOutputTokens,
    images,
    imageSize: imageSize ?? null,
  });
  return result.kind === 'priced' ? result.cost : unpriced('no_price', result.because);
}

const unpriced = (code: 'unknown_model' | 'no_price', message: string): Problem =>
  new Problem(code, `The estimate has no price: ${message}.`, { errors: [{ path: 'estimate', message }] });
