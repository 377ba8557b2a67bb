/** What owners were told, when, to whom, by which channel, and whether it arrived (N1, N2). */
import { Bell } from 'lucide-react';
import { usePaged } from '../../api/paged';
import { noticesList, type Notice } from '../../api/notices';
import { Badge } from '../../components/Badge';
import { Card } from '../../components/Card';
import type { Tone } from '../../components/Notice';
import { PagedTable } from '../../components/PagedTable';
import { Empty } from '../../components/States';
import type { Column } from '../../components/Table';
import { formatTime } from '../../format/time';
import { text } from '../../text';
import { wordFor } from '../../text/word';
import styles from './NoticesCard.module.css';

const words = text.notices;
type Delivery = Notice['deliveries'][number];

type Props = {
  id: string;
  /** How many at first. @default as many as a list has */
  limit?: number;
  fileName?: string;
  /** Where the page's own heading says the same. @default false */
  isTitleHidden?: boolean;
};

export function NoticesCard({ id, limit, fileName = 'notices', isTitleHidden = false }: Props) {
  const list = usePaged(noticesList(id, limit));
  return (
    <Card title={text.pages.notices} isTitleHidden={isTitleHidden} note={words.note}>
      <PagedTable
        list={list}
        caption={text.pages.notices}
        columns={columns}
        name="notices"
        fileName={fileName}
        lines={8}
        empty={
          <Empty icon={Bell} title={words.none}>
            {words.noneWhy}
          </Empty>
        }
      />
    </Card>
  );
}

const TONES: Record<Delivery['status'], Tone | 'plain'> = {
  pending: 'info',
  sent: 'good',
  delivered: 'good',
  failed: 'bad',
  folded: 'plain',
};

const columns: readonly Column<Notice>[] = [
  {
    key: 'at',
    heading: words.columns.at,
    cell: ({ at }) => <time dateTime={at}>{formatTime(at)}</time>,
  },
  {
    key: 'what',
    heading: words.columns.what,
    cell: ({ kind, subject, text: said }) => (
      <div className={styles.what}>
        <b>{subject ?? wordFor(words.kinds, kind)}</b>
        {said && (
          <details>
            <summary>{words.read}</summary>
            <p>{said}</p>
          </details>
        )}
      </div>
    ),
  },
  {
    key: 'deliveries',
    heading: words.columns.deliveries,
    cell: ({ deliveries }) => (deliveries.length === 0 ? words.nobody : <Deliveries deliveries={deliveries} />),
  },
];

const Deliveries = ({ deliveries }: { deliveries: readonly Delivery[] }) => (
  <ul className={styles.deliveries}>
    {deliveries.map(({ to, channel, status, attempts, at }) => (
      <li key={`${channel} ${to}`}>
        <span>{to}</span> <small>{words.channels[channel]}</small>
        <span className={styles.state}>
          <Badge tone={TONES[status]}>{words.statuses[status]}</Badge>
          {at && <small>{formatTime(at)}</small>}
          {attempts > 1 && <small>{words.tries(attempts)}</small>}
        </span>
      </li>
    ))}
  </ul>
);
