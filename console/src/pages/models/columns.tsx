import type { Model } from '../../api/models';
import { RowAction, RowActions } from '../../components/RowActions';
import type { Column } from '../../components/Table';
import { toNano } from '../../format/money';
import { formatTime } from '../../format/time';
import { text } from '../../text';
import { imagePrices } from './imagePrices';
import styles from './Models.module.css';
import { nextPrice, priceNow, showImagePrices, showPrice } from './price';

const words = text.operations.models;
/** Windows of a model, by their names in the address. */
type Act = 'prices' | 'price';

type TokenPrice = 'inputPerMillion' | 'cachedInputPerMillion' | 'outputPerMillion';
const priceColumn = (key: TokenPrice, heading: string): Column<Model> => ({
  key,
  heading,
  cell: (model) => showPrice(priceNow(model)?.[key]),
  csv: (model) => priceNow(model)?.[key] ?? '',
  order: (model) => toNano(priceNow(model)?.[key] ?? '-1'),
  isNumber: true,
});

const imagesOf = (model: Model): string => showImagePrices(priceNow(model) ?? {});

export const columnsOf = (isAdmin: boolean, onAct: (act: Act, model: Model) => void): Column<Model>[] => [
  {
    key: 'id',
    heading: words.columns.id,
    cell: ({ id, provider, license, input, output, deprecatedAt }) => (
      <span className={styles.model}>
        {id}
        <small>{`${provider}, ${words.kind(words.licenses[license], input.join(' + '), output)}`}</small>
        {deprecatedAt && <small>{words.ends(formatTime(deprecatedAt))}</small>}
      </span>
    ),
    csv: ({ id }) => id,
    order: ({ id }) => id,
  },
  priceColumn('inputPerMillion', words.columns.input),
  priceColumn('cachedInputPerMillion', words.columns.cached),
  priceColumn('outputPerMillion', words.columns.output),
  {
    key: 'perImage',
    heading: words.columns.image,
    cell: (model) => imagePrices(priceNow(model) ?? {}),
    csv: imagesOf,
    isNumber: true,
  },
  {
    key: 'batch',
    heading: words.columns.batch,
    cell: ({ batch }) => (batch ? words.withBatch : words.withoutBatch),
    csv: ({ batch }) => String(batch),
    order: ({ batch }) => Number(batch),
  },
  {
    key: 'next',
    heading: words.columns.next,
    cell: (model) => {
      const next = nextPrice(model);
      return next ? words.from(formatTime(next.from)) : '–';
    },
    csv: (model) => nextPrice(model)?.from ?? '',
  },
  {
    key: 'actions',
    heading: words.columns.actions,
    cell: (model) => (
      <RowActions>
        <RowAction label={words.prices} of={model.id} onClick={() => onAct('prices', model)} />
        {isAdmin && <RowAction label={words.add} of={model.id} onClick={() => onAct('price', model)} />}
      </RowActions>
    ),
  },
];
