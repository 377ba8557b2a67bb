/** The usage events behind one line of the ledger. */
import { ReceiptText } from 'lucide-react';
import { usePaged } from '../../api/paged';
import { eventsList, type UsageEvent } from '../../api/transactions';
import { Dialog } from '../../components/Dialog';
import { Money } from '../../components/Money';
import { Notice } from '../../components/Notice';
import { PagedTable } from '../../components/PagedTable';
import { Empty } from '../../components/States';
import type { Column } from '../../components/Table';
import { formatCount } from '../../format/number';
import { formatTime } from '../../format/time';
import { useAccountId } from '../../session/session';
import { text } from '../../text';

const words = text.transactions;
export function EventsDialog({ sequence, onClose }: { sequence: number; onClose: () => void }) {
  const list = usePaged(eventsList(useAccountId(), sequence));
  const archive = list.head.data?.archived;
  return (
    <Dialog title={words.eventsOf(sequence)} isOpen isWide onClose={onClose}>
      <PagedTable
        list={list}
        caption={words.eventsOf(sequence)}
        columns={columns}
        name="events"
        fileName={`events-${sequence}`}
        lines={5}
        empty={
          archive === undefined ? (
            <Empty icon={ReceiptText} title={words.noEvents}>
              {words.noEventsWhy}
            </Empty>
          ) : (
            <Notice tone="info">{words.archived(archive)}</Notice>
          )
        }
      />
    </Dialog>
  );
}

const count = (key: 'inputTokens' | 'outputTokens' | 'images', heading: string): Column<UsageEvent> => ({
  key,
  heading,
  cell: (event) => formatCount(event[key]),
  isNumber: true,
});

const columns: readonly Column<UsageEvent>[] = [
  {
    key: 'at',
    heading: words.eventColumns.at,
    cell: ({ at }) => <time dateTime={at}>{formatTime(at)}</time>,
  },
  { key: 'model', heading: words.eventColumns.model, cell: ({ model }) => model },
  count('inputTokens', words.eventColumns.input),
  count('outputTokens', words.eventColumns.output),
  count('images', words.eventColumns.images),
  {
    key: 'cost',
    heading: words.eventColumns.cost,
    cell: ({ cost }) => <Money amount={cost} />,
    isNumber: true,
  },
  { key: 'id', heading: words.eventColumns.id, cell: ({ id }) => <code>{id}</code> },
];
