import { useInfiniteQuery } from '@tanstack/react-query';
import { History } from 'lucide-react';
import type { Schemas } from '../../api/client';
import { timelineQuery } from '../../api/queries';
import { Badge } from '../../components/Badge';
import { Card } from '../../components/Card';
import { Money } from '../../components/Money';
import { Empty, Loaded } from '../../components/States';
import { Table, type Column } from '../../components/Table';
import { formatTime } from '../../format/time';
import { text } from '../../text';

const words = text.accounts;
/** With its place in the list: two happenings can be equal. */
type Row = Schemas['Happening'] & { place: number };

/** Ledger, decisions, charges and what people did, in one list. */
export function Timeline({ id }: { id: string }) {
  const query = useInfiniteQuery(timelineQuery(id));
  return (
    <Card title={words.timeline} note={words.timelineNote}>
      <Loaded query={query} lines={8}>
        {({ pages }) => {
          const rows = pages.flatMap(({ data }) => data).map((row, place) => ({ ...row, place }));
          if (rows.length === 0)
            return (
              <Empty icon={History} title={words.noTimeline}>
                {words.noTimelineWhy}
              </Empty>
            );
          return (
            <Table
              caption={words.timeline}
              columns={columns}
              rows={rows}
              rowKey={({ place }) => place}
              csvName={`timeline-${id}`}
              onMore={query.hasNextPage ? () => void query.fetchNextPage() : undefined}
              isLoadingMore={query.isFetchingNextPage}
            />
          );
        }}
      </Loaded>
    </Card>
  );
}

const columns: readonly Column<Row>[] = [
  {
    key: 'at',
    heading: words.timelineColumns.at,
    cell: ({ at }) => <time dateTime={at}>{formatTime(at)}</time>,
    csv: ({ at }) => at,
  },
  {
    key: 'source',
    heading: words.timelineColumns.source,
    cell: ({ source }) => <Badge tone="plain">{words.sources[source]}</Badge>,
    csv: ({ source }) => source,
  },
  { key: 'text', heading: words.timelineColumns.text, cell: ({ text: said }) => said, csv: ({ text: said }) => said },
  {
    key: 'actor',
    heading: words.timelineColumns.actor,
    cell: ({ actor }) => actor ?? '–',
    csv: ({ actor }) => actor ?? '',
  },
  {
    key: 'amount',
    heading: words.timelineColumns.amount,
    cell: ({ amount }) => (amount === null ? '–' : <Money amount={amount} />),
    csv: ({ amount }) => amount ?? '',
    isNumber: true,
  },
  {
    key: 'balanceAfter',
    heading: words.timelineColumns.balance,
    cell: ({ balanceAfter }) => (balanceAfter === null ? '–' : <Money amount={balanceAfter} />),
    csv: ({ balanceAfter }) => balanceAfter ?? '',
    isNumber: true,
  },
];
