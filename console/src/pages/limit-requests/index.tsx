/** The limit requests of all accounts, for the admins to decide (L6). */
import { Gauge } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'wouter';
import { usePaged } from '../../api/paged';
import { allLimitRequestsList, type LimitRequest, type LimitRequestFilter } from '../../api/limits';
import { Card, PageHead } from '../../components/Card';
import { Filters, InputFilter, SelectFilter, useUrlFilter } from '../../components/Filters';
import { PagedTable } from '../../components/PagedTable';
import { RowAction, RowActions } from '../../components/RowActions';
import { Empty } from '../../components/States';
import type { Column } from '../../components/Table';
import { limitAmount, limitName } from '../../features/limits/limitName';
import { LimitStatus } from '../../features/limits/LimitStatus';
import { formatTime } from '../../format/time';
import { text } from '../../text';
import { DecideDialog } from './DecideDialog';
import styles from './LimitRequests.module.css';

const words = text.limits;

export default function LimitRequestsPage() {
  const filter = useUrlFilter(['status', 'account']);
  const list = usePaged(allLimitRequestsList(filter.values as LimitRequestFilter));
  const [deciding, setDeciding] = useState<LimitRequest | null>(null);
  return (
    <>
      <PageHead title={text.pages.limitRequests} />
      <Card title={words.inAll} isTitleHidden note={words.inAllNote}>
        <Filters filter={filter}>
          <SelectFilter filter={filter} name="status" label={words.status} options={words.statuses} />
          <InputFilter filter={filter} name="account" label={words.account} type="search" />
        </Filters>
        <PagedTable
          list={list}
          caption={words.inAll}
          columns={columnsOf(setDeciding)}
          name="limit-requests"
          lines={6}
          empty={
            <Empty icon={Gauge} title={words.noneMatch}>
              {words.noneMatchWhy}
            </Empty>
          }
        />
      </Card>
      {deciding && <DecideDialog request={deciding} onClose={() => setDeciding(null)} />}
    </>
  );
}

const columnsOf = (onDecide: (request: LimitRequest) => void): Column<LimitRequest>[] => [
  {
    key: 'createdAt',
    heading: words.requestColumns.at,
    cell: ({ createdAt }) => <time dateTime={createdAt}>{formatTime(createdAt)}</time>,
  },
  {
    key: 'account',
    heading: words.requestColumns.account,
    cell: ({ accountId }) => <Link href={`/accounts/${encodeURIComponent(accountId)}`}>{accountId}</Link>,
  },
  {
    key: 'limit',
    heading: words.requestColumns.limit,
    cell: (request) => (
      <span className={styles.what}>
        {limitName(request)}
        <small>{request.reason}</small>
      </span>
    ),
  },
  {
    key: 'change',
    heading: words.requestColumns.change,
    cell: (request) => words.change(limitAmount(request.current, request), limitAmount(request.requested, request)),
  },
  {
    key: 'status',
    heading: words.requestColumns.status,
    cell: (request) => (
      <span className={styles.what}>
        <LimitStatus status={request.status} />
        {request.limit !== null && <small>{words.granted(limitAmount(request.limit, request))}</small>}
        {request.note !== null && <small>{request.note}</small>}
      </span>
    ),
  },
  {
    key: 'actions',
    heading: words.requestColumns.actions,
    cell: (request) => (
      <RowActions>
        {request.status === 'pending' && (
          <RowAction
            label={words.decide}
            of={`${request.accountId}, ${limitName(request)}`}
            onClick={() => onDecide(request)}
          />
        )}
      </RowActions>
    ),
  },
];
