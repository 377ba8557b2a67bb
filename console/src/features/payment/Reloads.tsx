/** Every charge that auto-reload made or tried, with each method that was asked. */
import { RefreshCw } from 'lucide-react';
import { useState } from 'react';
import type { Paged } from '../../api/paged';
import type { Attempt, Reload } from '../../api/autoReload';
import { Card } from '../../components/Card';
import { PagedTable } from '../../components/PagedTable';
import { PaymentStatus } from '../../components/PaymentStatus';
import { RowAction, RowActions } from '../../components/RowActions';
import { Empty } from '../../components/States';
import type { Column } from '../../components/Table';
import { formatTime } from '../../format/time';
import { text } from '../../text';
import { wordFor } from '../../text/word';
import { WhyDialog } from '../why/WhyDialog';
import { triedCards, whyDeclined } from './card';
import { moneyColumns } from './moneyColumns';
import styles from './Payment.module.css';
import { refundableReload, refundKey } from './refundable';

const words = text.payments;

type Props = {
  accountId: string;
  list: Paged<Reload>;
  fileName?: string;
  /** What was decided is for owners and admins to read. */
  mayAskWhy: boolean;
  /** Left out: who looks may give nothing back. */
  onRefund?: (key: string) => void;
};

export function Reloads({ accountId, list, fileName = 'reloads', mayAskWhy, onRefund }: Props) {
  const [asked, setAsked] = useState<number | null>(null);
  const columns = columnsOf(triedCards(list.rows.flatMap(({ attempts }) => attempts)));
  return (
    <Card title={words.reloads}>
      <PagedTable
        list={list}
        caption={words.reloads}
        columns={mayAskWhy ? [...columns, actionsOf(setAsked, onRefund)] : columns}
        name="reloads"
        fileName={fileName}
        empty={
          <Empty icon={RefreshCw} title={words.noReloads}>
            {words.noReloadsWhy}
          </Empty>
        }
      />
      {asked !== null && <WhyDialog accountId={accountId} charge={{ reload: asked }} onClose={() => setAsked(null)} />}
    </Card>
  );
}

const columnsOf = (nameOf: (attempt: Attempt) => string): readonly Column<Reload>[] => [
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
        {attempts.map((one, index) => (
          <li key={`${one.attempt} ${one.method} ${one.at}`}>
            {one.attempt === attempts[index - 1]?.attempt
              ? words.attemptThen(nameOf(one), outcomeOf(one))
              : words.attempt(one.attempt, nameOf(one), outcomeOf(one))}
          </li>
        ))}
      </ol>
    ),
  },
  ...moneyColumns,
];

const actionsOf = (onWhy: (reload: number) => void, onRefund: Props['onRefund']): Column<Reload> => ({
  key: 'actions',
  heading: words.columns.actions,
  cell: (reload) => {
    const of = words.reloadOf(reload.number);
    const payment = refundableReload(reload);
    return (
      <RowActions>
        <RowAction label={text.decisions.why} of={of} onClick={() => onWhy(reload.number)} />
        {onRefund && payment && (
          <RowAction label={text.accounts.refund} of={of} onClick={() => onRefund(refundKey(payment))} />
        )}
      </RowActions>
    );
  },
});

function outcomeOf({ outcome, ...attempt }: Attempt): string {
  const [word, why] = [wordFor(words.outcomes, outcome), whyDeclined(attempt)];
  return why === null ? word : `${word}, ${why}`;
}
