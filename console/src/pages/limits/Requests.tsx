/** What was asked for, and what the admins have decided. */
import { Gauge } from 'lucide-react';
import { usePaged } from '../../api/paged';
import { limitRequestsList, type LimitRequest } from '../../api/limits';
import { Card } from '../../components/Card';
import { PagedTable } from '../../components/PagedTable';
import { Empty } from '../../components/States';
import type { Column } from '../../components/Table';
import { limitAmount, limitName } from '../../features/limits/limitName';
import { LimitStatus } from '../../features/limits/LimitStatus';
import { formatTime } from '../../format/time';
import { text } from '../../text';
import styles from './Limits.module.css';

const words = text.limits;

export function Requests({ accountId }: { accountId: string }) {
  return (
    <Card title={words.requests} note={words.requestsNote}>
      <PagedTable
        list={usePaged(limitRequestsList(accountId))}
        caption={words.requests}
        columns={columns}
        name="limit-requests"
        empty={
          <Empty icon={Gauge} title={words.noRequests}>
            {words.noRequestsWhy}
          </Empty>
        }
      />
    </Card>
  );
}

const columns: readonly Column<LimitRequest>[] = [
  {
    key: 'createdAt',
    heading: words.requestColumns.at,
    cell: ({ createdAt }) => <time dateTime={createdAt}>{formatTime(createdAt)}</time>,
  },
  { key: 'limit', heading: words.requestColumns.limit, cell: limitName },
  {
    key: 'requested',
    heading: words.requested,
    cell: (request) => limitAmount(request.requested, request),
    isNumber: true,
  },
  { key: 'reason', heading: words.requestColumns.reason, cell: ({ reason }) => reason },
  {
    key: 'status',
    heading: words.requestColumns.status,
    cell: ({ status }) => <LimitStatus status={status} />,
  },
  {
    key: 'note',
    heading: words.requestColumns.answer,
    cell: (request) =>
      request.decidedAt === null ? (
        '–'
      ) : (
        <span className={styles.name}>
          {request.limit !== null && words.granted(limitAmount(request.limit, request))}
          {request.note !== null && <small>{request.note}</small>}
        </span>
      ),
  },
];
