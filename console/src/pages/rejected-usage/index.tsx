/** Usage that was not taken, of all accounts and of none, for the admins to look at (B4). */
import { CircleCheck } from 'lucide-react';
import { Link } from 'wouter';
import { usePaged } from '../../api/paged';
import { rejectedUsageList, type RejectedUsage } from '../../api/usage';
import { Card, PageHead } from '../../components/Card';
import { Filters, InputFilter, useUrlFilter } from '../../components/Filters';
import { PagedTable } from '../../components/PagedTable';
import { Raw } from '../../components/Raw';
import { Empty } from '../../components/States';
import type { Column } from '../../components/Table';
import { formatTime } from '../../format/time';
import { text } from '../../text';
import styles from './RejectedUsage.module.css';

const words = text.operations.rejected;

export default function RejectedUsagePage() {
  const filter = useUrlFilter(['account']);
  const list = usePaged(rejectedUsageList(filter.values.account));
  return (
    <>
      <PageHead title={text.pages.rejectedUsage} />
      <Card title={words.title} isTitleHidden note={words.note}>
        <Filters filter={filter}>
          <InputFilter filter={filter} name="account" label={words.account} type="search" />
        </Filters>
        <PagedTable
          list={list}
          caption={words.title}
          columns={columns}
          name="rejected-usage"
          lines={6}
          empty={
            <Empty icon={CircleCheck} title={words.none}>
              {words.noneWhy}
            </Empty>
          }
        />
      </Card>
    </>
  );
}

const columns: readonly Column<RejectedUsage>[] = [
  {
    key: 'at',
    heading: words.columns.at,
    cell: ({ at }) => <time dateTime={at}>{formatTime(at)}</time>,
  },
  {
    key: 'accountId',
    heading: words.columns.account,
    cell: ({ accountId, code }) =>
      // An account that nobody knows has no page.
      code === 'unknown_account' ? (
        accountId
      ) : (
        <Link href={`/accounts/${encodeURIComponent(accountId)}`}>{accountId}</Link>
      ),
  },
  { key: 'id', heading: words.columns.id, cell: ({ id }) => <code>{id}</code> },
  {
    key: 'code',
    heading: words.columns.code,
    cell: ({ code, message }) => (
      <span className={styles.why}>
        {message}
        <small>{code}</small>
      </span>
    ),
  },
  {
    key: 'event',
    heading: words.columns.event,
    cell: ({ event, id }) => <Raw label={words.show} of={id} value={event} />,
  },
];
