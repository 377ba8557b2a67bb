import { RefreshCw } from 'lucide-react';
import { usePaged } from '../../api/paged';
import { reloadsList, type Attempt, type Reload } from '../../api/queries';
import { Card } from '../../components/Card';
import { Money } from '../../components/Money';
import { PagedTable } from '../../components/PagedTable';
import { PaymentStatus } from '../../components/PaymentStatus';
import { Empty } from '../../components/States';
import type { Column } from '../../components/Table';
import { triedCard, whyDeclined } from '../../features/payment/card';
import { toNano } from '../../format/money';
import { formatTime } from '../../format/time';
import { useAccountId } from '../../session/session';
import { text } from '../../text';
import { wordFor } from '../../text/word';
import styles from './Payments.module.css';

const words = text.payments;

/** Every charge that auto-reload made or tried, with each method that was asked. */
export function Reloads() {
  const list = usePaged(reloadsList(useAccountId()));
  return (
    <Card title={words.reloads}>
      <PagedTable
        list={list}
        caption={words.reloads}
        columns={columns}
        csvName="reloads"
        empty={
          <Empty icon={RefreshCw} title={words.noReloads}>
            {words.noReloadsWhy}
          </Empty>
        }
      />
    </Card>
  );
}

const columns: readonly Column<Reload>[] = [
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
            {words.attempt(one.attempt, triedCard(one), outcomeOf(one))}
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

function outcomeOf({ outcome, ...attempt }: Attempt): string {
  const [word, why] = [wordFor(words.outcomes, outcome), whyDeclined(attempt)];
  return why === null ? word : `${word}, ${why}`;
}
