/** All accounts, with what an operator looks for: who is suspended, whose reloads are disabled, what is not explained (C2). */
import { useInfiniteQuery } from '@tanstack/react-query';
import { SearchX } from 'lucide-react';
import { useDeferredValue } from 'react';
import { Link, useSearchParams } from 'wouter';
import type { Schemas } from '../../api/client';
import { accountsQuery, type AccountFilter } from '../../api/queries';
import { Button } from '../../components/Button';
import { Card, PageHead } from '../../components/Card';
import { Field } from '../../components/Field';
import { GateBadge } from '../../components/GateBadge';
import { Money } from '../../components/Money';
import { Empty, Loaded } from '../../components/States';
import { Table, type Column } from '../../components/Table';
import { toNano } from '../../format/money';
import { text } from '../../text';
import styles from './Accounts.module.css';

const words = text.accounts;
const FILTERS = {
  gate: text.overview.gate,
  autoReload: text.overview.states,
  trouble: words.troubles,
} as const;
const NAMES = ['q', 'gate', 'autoReload', 'trouble'] as const;
type Name = (typeof NAMES)[number];

export default function AccountsPage() {
  const { filter, set, clear } = useFilter();
  const query = useInfiniteQuery(accountsQuery(useDeferredValue(filter)));
  return (
    <>
      <PageHead title={text.pages.accounts} />
      <Card title={words.title}>
        <div className={styles.filters} role="search">
          <Field label={words.search}>
            <input type="search" value={filter.q ?? ''} onChange={(event) => set('q', event.target.value)} />
          </Field>
          {(['gate', 'autoReload', 'trouble'] as const).map((name) => (
            <Field key={name} label={words[name]}>
              <select value={filter[name] ?? ''} onChange={(event) => set(name, event.target.value)}>
                <option value="">{words.any}</option>
                {Object.entries(FILTERS[name]).map(([value, label]) => (
                  <option key={value} value={value}>
                    {label}
                  </option>
                ))}
              </select>
            </Field>
          ))}
          {Object.keys(filter).length > 0 && (
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
                <Empty icon={SearchX} title={words.none}>
                  {words.noneWhy}
                </Empty>
              );
            return (
              <Table
                caption={words.title}
                columns={columns}
                rows={rows}
                rowKey={({ id }) => id}
                csvName="accounts"
                onMore={query.hasNextPage ? () => void query.fetchNextPage() : undefined}
                isLoadingMore={query.isFetchingNextPage}
              />
            );
          }}
        </Loaded>
      </Card>
    </>
  );
}

/** Kept in the URL, so that a list can be sent to somebody. What is not one of the filters' values is for the API to refuse. */
function useFilter() {
  const [search, setSearch] = useSearchParams();
  const given = NAMES.flatMap((name) => {
    const value = search.get(name);
    return value ? [[name, value] as const] : [];
  });
  const change = (edit: (search: URLSearchParams) => void): void =>
    setSearch(
      (old) => {
        edit(old);
        return old;
      },
      { replace: true },
    );
  return {
    filter: Object.fromEntries(given) as AccountFilter,
    set: (name: Name, value: string) => change((old) => (value === '' ? old.delete(name) : old.set(name, value))),
    clear: () => change((old) => NAMES.forEach((name) => old.delete(name))),
  };
}

const columns: readonly Column<Schemas['Account']>[] = [
  {
    key: 'id',
    heading: words.columns.id,
    cell: ({ id }) => <Link href={`/accounts/${encodeURIComponent(id)}`}>{id}</Link>,
    csv: ({ id }) => id,
    order: ({ id }) => id,
  },
  { key: 'name', heading: words.columns.name, cell: ({ name }) => name, csv: ({ name }) => name },
  { key: 'tier', heading: words.columns.tier, cell: ({ tier }) => tier, csv: ({ tier }) => tier },
  {
    key: 'gate',
    heading: words.columns.gate,
    cell: ({ gate }) => <GateBadge state={gate.state} />,
    csv: ({ gate }) => gate.state,
  },
  {
    key: 'autoReload',
    heading: words.columns.autoReload,
    cell: ({ autoReload }) => text.overview.states[autoReload.status],
    csv: ({ autoReload }) => autoReload.status,
  },
  {
    key: 'available',
    heading: words.columns.available,
    cell: ({ available }) => <Money amount={available} />,
    csv: ({ available }) => available,
    order: ({ available }) => toNano(available),
    isNumber: true,
  },
  {
    key: 'balance',
    heading: words.columns.balance,
    cell: ({ balance }) => <Money amount={balance} />,
    csv: ({ balance }) => balance,
    order: ({ balance }) => toNano(balance),
    isNumber: true,
  },
];
