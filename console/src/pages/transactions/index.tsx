/** The account's ledger as its owner reads it: every movement with the balance after it, and the events behind usage (B2). */
import { useInfiniteQuery } from '@tanstack/react-query';
import { ReceiptText } from 'lucide-react';
import { useState } from 'react';
import { useSearchParams } from 'wouter';
import type { Schemas } from '../../api/client';
import { transactionsQuery, type TransactionFilter } from '../../api/queries';
import { Button } from '../../components/Button';
import { Card, PageHead } from '../../components/Card';
import { Field } from '../../components/Field';
import { Money } from '../../components/Money';
import { Empty, Loaded } from '../../components/States';
import { Table, type Column } from '../../components/Table';
import { formatTime } from '../../format/time';
import { useAccountId } from '../../session/session';
import { text } from '../../text';
import { EventsDialog } from './EventsDialog';
import styles from './Transactions.module.css';

const words = text.transactions;
type Row = Schemas['Transaction'];

export default function TransactionsPage() {
  const { filter, set, clear } = useFilter();
  const query = useInfiniteQuery(transactionsQuery(useAccountId(), filter));
  const [shown, setShown] = useState<number | null>(null);
  const isFiltered = Object.keys(filter).length > 0;
  return (
    <>
      <PageHead title={text.pages.transactions} />
      <Card title={words.title} note={words.note}>
        <div className={styles.filters}>
          <Field label={words.kind}>
            <select value={filter.kind ?? ''} onChange={(event) => set('kind', event.target.value)}>
              <option value="">{words.all}</option>
              {Object.entries(words.kinds).map(([kind, label]) => (
                <option key={kind} value={kind}>
                  {label}
                </option>
              ))}
            </select>
          </Field>
          {(['from', 'to'] as const).map((end) => (
            <Field key={end} label={words[end]}>
              <input type="date" value={filter[end] ?? ''} onChange={(event) => set(end, event.target.value)} />
            </Field>
          ))}
          {isFiltered && (
            <Button look="quiet" onClick={clear}>
              {words.clear}
            </Button>
          )}
        </div>
        <Loaded query={query} lines={8}>
          {({ pages }) => {
            const rows = pages.flatMap(({ data }) => data);
            if (rows.length === 0)
              return (
                <Empty icon={ReceiptText} title={isFiltered ? words.noneMatch : words.none}>
                  {isFiltered ? words.noneMatchWhy : words.noneWhy}
                </Empty>
              );
            return (
              <Table
                caption={words.title}
                columns={columnsOf(setShown)}
                rows={rows}
                rowKey={({ sequence }) => sequence}
                csvName="transactions"
                onMore={query.hasNextPage ? () => void query.fetchNextPage() : undefined}
                isLoadingMore={query.isFetchingNextPage}
              />
            );
          }}
        </Loaded>
      </Card>
      {shown !== null && <EventsDialog sequence={shown} onClose={() => setShown(null)} />}
    </>
  );
}

/** Kept in the URL, so that a list can be sent to somebody. */
function useFilter() {
  const [search, setSearch] = useSearchParams();
  const filter: TransactionFilter = {};
  for (const name of ['kind', 'from', 'to'] as const) {
    const value = search.get(name);
    if (value) filter[name] = value;
  }
  const change = (edit: (search: URLSearchParams) => void): void =>
    setSearch(
      (old) => {
        edit(old);
        return old;
      },
      { replace: true },
    );
  return {
    filter,
    set: (name: keyof TransactionFilter, value: string) =>
      change((old) => (value === '' ? old.delete(name) : old.set(name, value))),
    clear: () => change((old) => (['kind', 'from', 'to'] as const).forEach((name) => old.delete(name))),
  };
}

const columnsOf = (onEvents: (sequence: number) => void): Column<Row>[] => [
  {
    key: 'at',
    heading: words.columns.at,
    cell: ({ at }) => <time dateTime={at}>{formatTime(at)}</time>,
    csv: ({ at }) => at,
  },
  {
    key: 'kind',
    heading: words.columns.kind,
    cell: ({ kind }) => words.kinds[kind],
    csv: ({ kind }) => kind,
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
        {receiptUrl && (
          <a href={receiptUrl} aria-label={words.receiptFor(sequence)}>
            {words.receipt}
          </a>
        )}
      </span>
    ),
    csv: ({ description }) => description,
  },
  {
    key: 'amount',
    heading: words.columns.amount,
    cell: ({ amount }) => <Money amount={amount} />,
    csv: ({ amount }) => amount,
    isNumber: true,
  },
  {
    key: 'balanceAfter',
    heading: words.columns.balance,
    cell: ({ balanceAfter }) => <Money amount={balanceAfter} />,
    csv: ({ balanceAfter }) => balanceAfter,
    isNumber: true,
  },
];
