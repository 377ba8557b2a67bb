import { RefreshCw } from 'lucide-react';
import { useState } from 'react';
import { usePaged } from '../../api/paged';
import { reloadsList, type Attempt, type Reload } from '../../api/autoReload';
import { Card } from '../../components/Card';
import { Money } from '../../components/Money';
import { PagedTable } from '../../components/PagedTable';
import { PaymentStatus } from '../../components/PaymentStatus';
import { RowAction, RowActions } from '../../components/RowActions';
import { Empty } from '../../components/States';
import type { Column } from '../../components/Table';
import { triedCard, whyDeclined } from '../../features/payment/card';
import { toNano } from '../../format/money';
import { formatTime } from '../../format/time';
import { WhyDialog } from '../../features/why/WhyDialog';
import { useAccountId, useRole } from '../../session/session';
import { text } from '../../text';
import { wordFor } from '../../text/word';
import styles from './Payments.module.css';

const words = text.payments;

/** Every charge that auto-reload made or tried, with each method that was asked. */
export function Reloads() {
  const isOwner = useRole() === 'owner';
  const list = usePaged(reloadsList(useAccountId()));
  const [asked, setAsked] = useState<number | null>(null);
  return (
    <Card title={words.reloads}>
      <PagedTable
        list={list}
        caption={words.reloads}
        columns={columnsOf(isOwner ? setAsked : null)}
        name="reloads"
        empty={
          <Empty icon={RefreshCw} title={words.noReloads}>
            {words.noReloadsWhy}
          </Empty>
        }
      />
      {asked !== null && <WhyDialog charge={{ reload: asked }} onClose={() => setAsked(null)} />}
    </Card>
  );
}

const columnsOf = (onWhy: ((reload: number) => void) | null): readonly Column<Reload>[] => [
  {
    key: 'number',
    heading: words.columns.number,
    cell: ({ number }) => number,
    order: ({ number }) => number,
  },
  {
    key: 'at',
    heading: words.columns.at,
    cell: ({ at }) => <time dateTime={at}>{formatTime(at)}</time>,
  },
  {
    key: 'status',
    heading: words.columns.status,
    cell: ({ status }) => <PaymentStatus status={status} />,
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
  },
  {
    key: 'amount',
    heading: words.columns.amount,
    cell: ({ amount }) => <Money amount={amount} />,
    order: ({ amount }) => toNano(amount),
    isNumber: true,
  },
  // What was decided is for owners to read.
  ...(onWhy
    ? [
        {
          key: 'actions',
          heading: words.columns.actions,
          cell: ({ number }: Reload) => (
            <RowActions>
              <RowAction label={text.decisions.why} of={words.reloadOf(number)} onClick={() => onWhy(number)} />
            </RowActions>
          ),
        },
      ]
    : []),
];

function outcomeOf({ outcome, ...attempt }: Attempt): string {
  const [word, why] = [wordFor(words.outcomes, outcome), whyDeclined(attempt)];
  return why === null ? word : `${word}, ${why}`;
}
