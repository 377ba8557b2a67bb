/** The account's ledger as its owner reads it: every movement with the balance after it, and the events behind usage (B2). */
import { ReceiptText } from 'lucide-react';
import { useState } from 'react';
import type { Schemas } from '../../api/client';
import { usePaged } from '../../api/paged';
import { transactionsList } from '../../api/transactions';
import { Card, PageHead } from '../../components/Card';
import { Filters, InputFilter, SelectFilter, useUrlFilter } from '../../components/Filters';
import { Money } from '../../components/Money';
import { PagedTable } from '../../components/PagedTable';
import { Empty } from '../../components/States';
import type { Column } from '../../components/Table';
import { formatTime } from '../../format/time';
import { hasWhy, WhyDialog } from '../../features/why/WhyDialog';
import { useAccountId, useRole } from '../../session/session';
import { text } from '../../text';
import { Decisions } from './Decisions';
import { EventsDialog } from './EventsDialog';
import styles from './Transactions.module.css';

const words = text.transactions;
type Row = Schemas['Transaction'];

export default function TransactionsPage() {
  const filter = useUrlFilter(['kind', 'from', 'to']);
  const id = useAccountId();
  const list = usePaged(transactionsList(id, filter.values));
  const isOwner = useRole() === 'owner';
  const [shown, setShown] = useState<number | null>(null);
  const [asked, setAsked] = useState<Line | null>(null);
  return (
    <>
      <PageHead title={text.pages.transactions} />
      <Card title={words.title} isTitleHidden note={words.note}>
        <Filters filter={filter}>
          <SelectFilter filter={filter} name="kind" label={words.kind} options={words.kinds} any={words.all} />
          <InputFilter filter={filter} name="from" label={words.from} type="date" />
          <InputFilter filter={filter} name="to" label={words.to} type="date" />
        </Filters>
        <PagedTable
          list={list}
          caption={words.title}
          columns={columnsOf(setShown, isOwner ? setAsked : null)}
          name="transactions"
          lines={8}
          empty={
            <Empty icon={ReceiptText} title={filter.isFiltered ? words.noneMatch : words.none}>
              {filter.isFiltered ? words.noneMatchWhy : words.noneWhy}
            </Empty>
          }
        />
      </Card>
      {isOwner && <Decisions />}
      {shown !== null && <EventsDialog sequence={shown} onClose={() => setShown(null)} />}
      {asked !== null && (
        <WhyDialog
          accountId={id}
          charge={{ transaction: asked.sequence }}
          kind={asked.kind}
          onClose={() => setAsked(null)}
        />
      )}
    </>
  );
}

type Ask<Of> = (of: Of) => void;
type Line = Pick<Row, 'sequence' | 'kind'>;

/** @param onWhy null: what was decided is for owners to read */
const columnsOf = (onEvents: Ask<number>, onWhy: Ask<Line> | null): Column<Row>[] => [
  {
    key: 'at',
    heading: words.columns.at,
    cell: ({ at }) => <time dateTime={at}>{formatTime(at)}</time>,
  },
  {
    key: 'kind',
    heading: words.columns.kind,
    cell: ({ kind }) => words.kinds[kind],
  },
  {
    key: 'description',
    heading: words.columns.description,
    cell: ({ kind, description, sequence, receiptUrl }) => (
      <span className={styles.what}>
        {description}
        {kind === 'usage' && (
          <button type="button" aria-label={words.eventsFor(sequence)} onClick={() => onEvents(sequence)}>
            {words.events}
          </button>
        )}
        {onWhy && hasWhy(kind) && (
          <button
            type="button"
            aria-label={text.decisions.whyTransaction(sequence)}
            onClick={() => onWhy({ sequence, kind })}
          >
            {text.decisions.why}
          </button>
        )}
        {receiptUrl && (
          <a href={receiptUrl} aria-label={words.receiptFor(sequence)}>
            {words.receipt}
          </a>
        )}
      </span>
    ),
  },
  {
    key: 'amount',
    heading: words.columns.amount,
    cell: ({ amount }) => <Money amount={amount} />,
    isNumber: true,
  },
  {
    key: 'balanceAfter',
    heading: words.columns.balance,
    cell: ({ balanceAfter }) => <Money amount={balanceAfter} />,
    isNumber: true,
  },
];
