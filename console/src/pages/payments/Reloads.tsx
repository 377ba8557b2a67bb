import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { RefreshCw } from 'lucide-react';
import { methodsQuery, reloadsQuery, type Reload } from '../../api/queries';
import { Card } from '../../components/Card';
import { Money } from '../../components/Money';
import { PaymentStatus } from '../../components/PaymentStatus';
import { Empty, Loaded } from '../../components/States';
import { Table, type Column } from '../../components/Table';
import { cardName } from '../../features/payment/card';
import { toNano } from '../../format/money';
import { formatTime } from '../../format/time';
import { useAccountId, useRole } from '../../session/session';
import { text } from '../../text';
import { wordFor } from '../../text/word';
import styles from './Payments.module.css';

const words = text.payments;

/** Every charge that auto-reload made or tried, with each method that was asked. */
export function Reloads() {
  const id = useAccountId();
  const query = useInfiniteQuery(reloadsQuery(id));
  const methods = useQuery({ ...methodsQuery(id), enabled: useRole() === 'owner' });
  const names = new Map(methods.data?.data.map((method) => [method.id, cardName(method)]));
  return (
    <Card title={words.reloads}>
      <Loaded query={query}>
        {({ pages }) => {
          const rows = pages.flatMap(({ data }) => data);
          if (rows.length === 0)
            return (
              <Empty icon={RefreshCw} title={words.noReloads}>
                {words.noReloadsWhy}
              </Empty>
            );
          return (
            <Table
              caption={words.reloads}
              columns={columnsOf(names)}
              rows={rows}
              rowKey={({ number }) => number}
              csvName="reloads"
              onMore={query.hasNextPage ? () => void query.fetchNextPage() : undefined}
              isLoadingMore={query.isFetchingNextPage}
            />
          );
        }}
      </Loaded>
    </Card>
  );
}

const columnsOf = (names: ReadonlyMap<string, string>): Column<Reload>[] => [
  {
    key: 'number',
    heading: words.columns.number,
    cell: ({ number }) => number,
    csv: ({ number }) => String(number),
    order: ({ number }) => number,
  },
  {
    key: 'at',
    heading: words.columns.at,
    cell: ({ at }) => <time dateTime={at}>{formatTime(at)}</time>,
    csv: ({ at }) => at,
  },
  {
    key: 'status',
    heading: words.columns.status,
    cell: ({ status }) => <PaymentStatus status={status} />,
    csv: ({ status }) => status,
  },
  {
    key: 'attempts',
    heading: words.columns.attempts,
    cell: ({ attempts }) => (
      <ol className={styles.attempts}>
        {attempts.map((one) => (
          <li key={`${one.attempt} ${one.method} ${one.at}`}>
            {words.attempt(one.attempt, names.get(one.method) ?? one.role ?? one.method, outcomeOf(one))}
          </li>
        ))}
      </ol>
    ),
    csv: ({ attempts }) =>
      attempts.map((one) => `${one.attempt} ${one.outcome} ${one.declineCode ?? ''}`.trim()).join('; '),
  },
  {
    key: 'amount',
    heading: words.columns.amount,
    cell: ({ amount }) => <Money amount={amount} />,
    csv: ({ amount }) => amount,
    order: ({ amount }) => toNano(amount),
    isNumber: true,
  },
];

function outcomeOf({ outcome, declineCode }: Reload['attempts'][number]): string {
  const word = wordFor(words.outcomes, outcome);
  return declineCode === null ? word : `${word}, ${wordFor(words.declines, declineCode)}`;
}
