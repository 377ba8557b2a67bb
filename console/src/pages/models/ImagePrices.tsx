import { formatExact } from '../../format/money';
import type { Price } from './price';

/** What an image costs, by its size, one below the other. */
export function ImagePrices({ perImage }: Partial<Pick<Price, 'perImage'>>) {
  const prices = Object.entries(perImage ?? {});
  if (prices.length === 0) return '–';
  return (
    <ul>
      {prices.map(([size, price]) => (
        <li key={size}>{`${size} ${formatExact(price)}`}</li>
      ))}
    </ul>
  );
}
