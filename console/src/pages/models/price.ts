/** Which of a model's prices is in force, which comes next, and how they are written. */
import type { Model } from '../../api/models';
import { formatExact } from '../../format/money';

export type Price = Model['prices'][number];

/** Times of the API are UTC, all written alike: they sort as texts. */
export const priceNow = ({ prices }: Model, now = new Date().toISOString()): Price | undefined =>
  prices.findLast(({ from }) => from <= now);
export const nextPrice = ({ prices }: Model, now = new Date().toISOString()): Price | undefined =>
  prices.find(({ from }) => from > now);

/** With every digit: a price is never rounded. */
export const showPrice = (price: string | undefined): string => (price === undefined ? '–' : formatExact(price));
export const showImagePrices = ({ perImage }: Pick<Price, 'perImage'>): string =>
  Object.entries(perImage ?? {})
    .map(([size, price]) => `${size} ${formatExact(price)}`)
    .join(', ') || '–';
