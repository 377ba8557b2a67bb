/** All accounts, with what an operator looks for: who is suspended, whose reloads are disabled, what is not explained (C2). */
import { SearchX } from 'lucide-react';
import { Link } from 'wouter';
import type { Schemas } from '../../api/client';
import { usePaged } from '../../api/paged';
import { accountsList, type AccountFilter } from '../../api/accounts';
import { Card, PageHead } from '../../components/Card';
import { Filters, InputFilter, SelectFilter, useUrlFilter } from '../../components/Filters';
import { GateBadge } from '../../components/GateBadge';
import { Money } from '../../components/Money';
import { PagedTable } from '../../components/PagedTable';
import { Empty } from '../../components/States';
import type { Column } from '../../components/Table';
import { WithNote } from '../../components/WithNote';
import { toNano } from '../../format/money';
import { text } from '../../text';
import { wordFor } from '../../text/word';

const words = text.accounts;

export default function AccountsPage() {
  const filter = useUrlFilter(['q', 'gate', 'autoReload', 'trouble']);
  const list = usePaged(accountsList(filter.values as AccountFilter));
  return (
    <>
      <PageHead title={text.pages.accounts} />
      <Card title={words.title} isTitleHidden>
        <Filters filter={filter}>
          <InputFilter filter={filter} name="q" label={words.search} type="search" />
          <SelectFilter filter={filter} name="gate" label={words.gate} options={text.overview.gate} />
          <SelectFilter filter={filter} name="autoReload" label={words.autoReload} options={text.overview.states} />
          <SelectFilter filter={filter} name="trouble" label={words.trouble} options={words.troubles} />
        </Filters>
        <PagedTable
          list={list}
          caption={words.title}
          columns={columns}
          name="accounts"
          lines={8}
          empty={
            <Empty icon={SearchX} title={words.none}>
              {words.noneWhy}
            </Empty>
          }
        />
      </Card>
    </>
  );
}

const columns: readonly Column<Schemas['Account']>[] = [
  {
    key: 'id',
    heading: words.columns.id,
    cell: ({ id }) => <Link href={`/accounts/${encodeURIComponent(id)}`}>{id}</Link>,
    order: ({ id }) => id,
  },
  { key: 'name', heading: words.columns.name, cell: ({ name }) => name },
  { key: 'tier', heading: words.columns.tier, cell: ({ tier }) => tier },
  {
    key: 'gate',
    heading: words.columns.gate,
    cell: (account) => (
      <WithNote>
        <GateBadge account={account} />
        {account.gate.reasons.length > 0 && (
          <small>{account.gate.reasons.map((reason) => wordFor(words.reasons, reason)).join(', ')}</small>
        )}
      </WithNote>
    ),
  },
  {
    key: 'autoReload',
    heading: words.columns.autoReload,
    cell: ({ autoReload }) => text.overview.states[autoReload.status],
  },
  {
    key: 'available',
    heading: words.columns.available,
    cell: ({ available }) => <Money amount={available} />,
    order: ({ available }) => toNano(available),
    isNumber: true,
  },
  {
    key: 'balance',
    heading: words.columns.balance,
    cell: ({ balance }) => <Money amount={balance} />,
    order: ({ balance }) => toNano(balance),
    isNumber: true,
  },
];
