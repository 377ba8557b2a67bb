import type { WebhookEndpoint } from '../../api/webhooks';
import { Badge } from '../../components/Badge';
import { RowAction, RowActions } from '../../components/RowActions';
import type { Column } from '../../components/Table';
import { formatTime } from '../../format/time';
import { text } from '../../text';
import { wordFor } from '../../text/word';
import styles from './Webhooks.module.css';

const words = text.webhooks;
export type Act = 'test' | 'deliveries' | 'rotate' | 'remove';

/** @param shown the endpoint whose deliveries are shown */
export const columnsOf = (
  onAct: (act: Act, endpoint: WebhookEndpoint) => void,
  shown: string | undefined,
): Column<WebhookEndpoint>[] => [
  {
    key: 'url',
    heading: words.columns.url,
    cell: ({ url }) => <span className={styles.url}>{url}</span>,
    csv: ({ url }) => url,
  },
  {
    key: 'events',
    heading: words.columns.events,
    cell: ({ events }) => listEvents(events),
    csv: ({ events }) => events.join(' '),
  },
  {
    key: 'state',
    heading: words.columns.state,
    cell: ({ disabled }) =>
      disabled === null ? (
        <Badge tone="good">{words.active}</Badge>
      ) : (
        <span className={styles.state}>
          <Badge tone="bad">{words.disabled}</Badge>
          <small>{words.disabledSince(disabled.because, formatTime(disabled.at))}</small>
        </span>
      ),
    csv: ({ disabled }) => disabled?.because ?? '',
  },
  {
    key: 'createdAt',
    heading: words.columns.added,
    cell: ({ createdAt }) => <time dateTime={createdAt}>{formatTime(createdAt)}</time>,
    csv: ({ createdAt }) => createdAt,
    order: ({ createdAt }) => createdAt,
  },
  {
    key: 'actions',
    heading: words.columns.actions,
    cell: (endpoint) => {
      const action = (act: Act, label: string) => (
        <RowAction label={label} of={endpoint.url} onClick={() => onAct(act, endpoint)} />
      );
      return (
        <RowActions>
          {action('deliveries', endpoint.id === shown ? words.hide : words.deliveries)}
          {endpoint.disabled === null && action('test', words.test)}
          {action('rotate', words.rotate)}
          {action('remove', words.remove)}
        </RowActions>
      );
    },
  },
];

const listEvents = (events: WebhookEndpoint['events']): string =>
  events.map((event) => (event === '*' ? words.everything : wordFor(text.notices.kinds, event))).join(', ');
