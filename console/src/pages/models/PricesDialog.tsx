/** Every price that a model had, has, and will have. */
import type { Model } from '../../api/models';
import { Dialog } from '../../components/Dialog';
import { Table, type Column } from '../../components/Table';
import { formatTime } from '../../format/time';
import { text } from '../../text';
import { imagePrices } from './imagePrices';
import { showImagePrices, showPrice, type Price } from './price';

const words = text.operations.models;

export const PricesDialog = ({ model: { id, prices }, onClose }: { model: Model; onClose: () => void }) => (
  <Dialog title={words.pricesOf(id)} isOpen isWide onClose={onClose}>
    <Table
      caption={words.pricesOf(id)}
      columns={columns}
      rows={prices.toReversed()}
      rowKey={({ from }) => from}
      name="prices"
    />
  </Dialog>
);

type TokenPrice = 'inputPerMillion' | 'cachedInputPerMillion' | 'outputPerMillion';
const tokenColumn = (key: TokenPrice, heading: string): Column<Price> => ({
  key,
  heading,
  cell: (price) => showPrice(price[key]),
  csv: (price) => price[key] ?? '',
  isNumber: true,
});

const columns: readonly Column<Price>[] = [
  {
    key: 'from',
    heading: words.priceColumns.from,
    cell: ({ from }) => <time dateTime={from}>{formatTime(from)}</time>,
    csv: ({ from }) => from,
  },
  tokenColumn('inputPerMillion', words.priceColumns.input),
  tokenColumn('cachedInputPerMillion', words.priceColumns.cached),
  tokenColumn('outputPerMillion', words.priceColumns.output),
  {
    key: 'perImage',
    heading: words.priceColumns.image,
    cell: imagePrices,
    csv: showImagePrices,
    isNumber: true,
  },
  {
    key: 'batch',
    heading: words.priceColumns.batch,
    cell: ({ batch }) =>
      batch ? words.perMillionBatch(showPrice(batch.inputPerMillion), showPrice(batch.outputPerMillion)) : '–',
    csv: ({ batch }) => (batch ? JSON.stringify(batch) : ''),
  },
];
