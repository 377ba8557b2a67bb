import type { ReactNode } from 'react';
import { formatExact } from '../../format/money';
import type { Price } from './price';

/** What an image costs, by its size, one below the other. A model that makes none has a dash, which a phone leaves out. */
export function imagePrices({ perImage }: Partial<Pick<Price, 'perImage'>>): ReactNode {
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
