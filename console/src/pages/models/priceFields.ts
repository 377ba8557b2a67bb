/** The prices that a model of its kind has, as fields, and back as a price version. */
import type { Model } from '../../api/models';
import { typedAmount } from '../../format/money';
import { text } from '../../text';
import type { Price } from './price';

const words = text.operations.models;
/** `amount`: as it was typed. */
export type PriceField = { name: string; label: string; isRequired: boolean; amount: string };

const TOKENS = [
  ['inputPerMillion', words.inputPrice],
  ['cachedInputPerMillion', words.cachedPrice],
  ['outputPerMillion', words.outputPrice],
] as const;
const BATCH = [
  ['inputPerMillion', words.batchInputPrice],
  ['cachedInputPerMillion', words.batchCachedPrice],
  ['outputPerMillion', words.batchOutputPrice],
] as const;

/** Fields of what the last price has, and of what text models may have. */
export function fieldsOf({ output, batch }: Model, last: Price | undefined): PriceField[] {
  const isText = output !== 'image';
  const field = (name: string, label: string, amount: string | undefined): PriceField => ({
    name,
    label,
    isRequired: amount !== undefined,
    amount: amount ?? '',
  });
  return [
    ...TOKENS.filter(([key]) => isText || last?.[key] !== undefined).map(([key, label]) =>
      field(key, label, last?.[key]),
    ),
    ...Object.entries(last?.perImage ?? {}).map(([size, price]) =>
      field(`perImage.${size}`, words.imagePrice(size), price),
    ),
    ...(batch ? BATCH.map(([key, label]) => field(`batch.${key}`, label, last?.batch?.[key])) : []),
  ];
}

/** What is left empty is no price of this version. */
export function toPrice(from: string, fields: readonly PriceField[]): Price {
  const given = fields
    .map(({ name, amount }) => ({ name, amount: typedAmount(amount) }))
    .filter(({ amount }) => amount !== '');
  const under = (prefix: string) =>
    Object.fromEntries(
      given
        .filter(({ name }) => name.startsWith(prefix))
        .map(({ name, amount }) => [name.slice(prefix.length), amount]),
    );
  const [perImage, batch] = [under('perImage.'), under('batch.')];
  const ofTokens = given.filter(({ name }) => TOKENS.some(([key]) => key === name));
  return {
    from,
    ...Object.fromEntries(ofTokens.map(({ name, amount }) => [name, amount])),
    ...(Object.keys(perImage).length > 0 && { perImage }),
    ...(Object.keys(batch).length > 0 && { batch: batch as Required<Price>['batch'] }),
  };
}
