/** The usage events behind one line of the ledger. */
import { useInfiniteQuery } from '@tanstack/react-query';
import { eventsQuery } from '../../api/queries';
import { Dialog } from '../../components/Dialog';
import { Money } from '../../components/Money';
import { Notice } from '../../components/Notice';
import { Loaded } from '../../components/States';
import { Table, type Column } from '../../components/Table';
import { formatTime } from '../../format/time';
import { useAccountId } from '../../session/session';
import { text } from '../../text';

const words = text.transactions;
type Event = {
  id: string;
  model: string;
  inputTokens: number;
  outputTokens: number;
  images: number;
  at: string;
  cost: string;
};

export function EventsDialog({ sequence, onClose }: { sequence: number; onClose: () => void }) {
  const query = useInfiniteQuery(eventsQuery(useAccountId(), sequence));
  return (
    <Dialog title={words.eventsOf(sequence)} isOpen isWide onClose={onClose}>
      <Loaded query={query} lines={5}>
        {({ pages }) => {
          const archive = pages[0]?.archived;
          if (archive !== undefined) return <Notice tone="info">{words.archived(archive)}</Notice>;
          return (
            <Table
              caption={words.eventsOf(sequence)}
              columns={columns}
              rows={pages.flatMap(({ data }) => data)}
              rowKey={({ id }) => id}
              csvName={`events-${sequence}`}
              onMore={query.hasNextPage ? () => void query.fetchNextPage() : undefined}
              isLoadingMore={query.isFetchingNextPage}
            />
          );
        }}
      </Loaded>
    </Dialog>
  );
}

const count = (key: 'inputTokens' | 'outputTokens' | 'images', heading: string): Column<Event> => ({
  key,
  heading,
  cell: (event) => event[key].toLocaleString('en-US'),
  csv: (event) => String(event[key]),
  isNumber: true,
});

const columns: readonly Column<Event>[] = [
  {
    key: 'at',
    heading: words.eventColumns.at,
    cell: ({ at }) => <time dateTime={at}>{formatTime(at)}</time>,
    csv: ({ at }) => at,
  },
  { key: 'model', heading: words.eventColumns.model, cell: ({ model }) => model, csv: ({ model }) => model },
  count('inputTokens', words.eventColumns.input),
  count('outputTokens', words.eventColumns.output),
  count('images', words.eventColumns.images),
  {
    key: 'cost',
    heading: words.eventColumns.cost,
    cell: ({ cost }) => <Money amount={cost} />,
    csv: ({ cost }) => cost,
    isNumber: true,
  },
  { key: 'id', heading: words.eventColumns.id, cell: ({ id }) => <code>{id}</code>, csv: ({ id }) => id },
];
