/** A limit in words, and its amounts. */
import type { Schemas } from '../../api/client';
import { formatCount } from '../../format/number';
import { text } from '../../text';
import { wordFor } from '../../text/word';

const words = text.limits;
type OfLimit = Pick<Schemas['Limit'], 'key' | 'unit'> & { model?: string };

export const limitName = ({ key, model }: OfLimit): string =>
  model === undefined ? words.names[key] : `${words.names[key]}, ${model}`;

/** `10,000,000,000 tokens`: limits are whole and exact in a number. */
export const limitAmount = (amount: number, { unit }: Pick<OfLimit, 'unit'>): string =>
  words.amount(formatCount(amount), amount === 1 ? oneOf(wordFor(words.units, unit)) : wordFor(words.units, unit));

/** The API's units are plurals that end in s. */
const oneOf = (unit: string): string => unit.replace(/s$/, '');
