/** What was sent to an endpoint, and what it answered. */
import { Send } from 'lucide-react';
import { usePaged } from '../../api/paged';
import { deliveriesList, type WebhookDelivery, type WebhookEndpoint } from '../../api/webhooks';
import { Badge } from '../../components/Badge';
import { Card } from '../../components/Card';
import type { Tone } from '../../components/Notice';
import { PagedTable } from '../../components/PagedTable';
import { Empty } from '../../components/States';
import type { Column } from '../../components/Table';
import { formatTime } from '../../format/time';
import { text } from '../../text';
import { wordFor } from '../../text/word';

const words = text.webhooks;
const TONES: Record<WebhookDelivery['status'], Tone> = { pending: 'info', delivered: 'good', failed: 'bad' };

export function Deliveries({ accountId, endpoint }: { accountId: string; endpoint: WebhookEndpoint }) {
  const list = usePaged(deliveriesList(accountId, endpoint.id));
  return (
    <Card title={words.deliveries} note={endpoint.url}>
      <PagedTable
        list={list}
        caption={words.deliveriesOf(endpoint.url)}
        columns={columns}
        name="webhook-deliveries"
        empty={
          <Empty icon={Send} title={words.noDeliveries}>
            {words.noDeliveriesWhy}
          </Empty>
        }
      />
    </Card>
  );
}

const eventOf = ({ type }: WebhookDelivery): string =>
  type === 'test' ? words.testEvent : wordFor(text.notices.kinds, type);
/** An answer that was an error has both. */
const lastOf = ({ lastStatus, lastError }: WebhookDelivery): string =>
  [lastStatus === null ? null : words.answered(lastStatus), lastError].filter((one) => one !== null).join(': ');

const columns: readonly Column<WebhookDelivery>[] = [
  {
    key: 'at',
    heading: words.deliveryColumns.at,
    cell: ({ at }) => <time dateTime={at}>{formatTime(at)}</time>,
  },
  { key: 'type', heading: words.deliveryColumns.type, cell: eventOf },
  {
    key: 'status',
    heading: words.deliveryColumns.status,
    cell: ({ status }) => <Badge tone={TONES[status]}>{words.statuses[status]}</Badge>,
  },
  {
    key: 'attempts',
    heading: words.deliveryColumns.attempts,
    cell: ({ attempts }) => attempts,
    isNumber: true,
  },
  {
    key: 'last',
    heading: words.deliveryColumns.last,
    cell: (delivery) => lastOf(delivery) || '–',
  },
  {
    key: 'endedAt',
    heading: words.deliveryColumns.ended,
    cell: ({ endedAt }) => (endedAt === null ? '–' : <time dateTime={endedAt}>{formatTime(endedAt)}</time>),
  },
];
