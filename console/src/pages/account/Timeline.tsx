import { History } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Schemas } from '../../api/client';
import { usePaged } from '../../api/paged';
import { timelineList } from '../../api/accounts';
import { Badge } from '../../components/Badge';
import { Card } from '../../components/Card';
import { Money } from '../../components/Money';
import { PagedTable } from '../../components/PagedTable';
import { Raw } from '../../components/Raw';
import { Said } from '../../components/Said';
import { Empty } from '../../components/States';
import type { Column } from '../../components/Table';
import { formatMoment, formatTime } from '../../format/time';
import { text } from '../../text';
import { wordFor } from '../../text/word';
import styles from './Account.module.css';

const words = text.accounts;
type Row = Schemas['Happening'];

/** Ledger, decisions, charges and what people did, in one list. */
export function Timeline({ id }: { id: string }) {
  const list = usePaged(timelineList(id));
  return (
    <Card title={words.timeline} note={words.timelineNote}>
      <PagedTable
        list={list}
        caption={words.timeline}
        columns={columns}
        name="timeline"
        fileName={`timeline-${id}`}
        lines={8}
        empty={
          <Empty icon={History} title={words.noTimeline}>
            {words.noTimelineWhy}
          </Empty>
        }
      />
    </Card>
  );
}

const columns: readonly Column<Row>[] = [
  {
    key: 'at',
    heading: words.timelineColumns.at,
    cell: ({ at }) => <time dateTime={at}>{formatTime(at)}</time>,
  },
  {
    key: 'source',
    heading: words.timelineColumns.source,
    cell: ({ source }) => <Badge tone="plain">{words.sources[source]}</Badge>,
  },
  { key: 'text', heading: words.timelineColumns.text, cell: (row) => <What row={row} /> },
  {
    key: 'actor',
    heading: words.timelineColumns.actor,
    cell: ({ actor }) => whoIs(actor),
  },
  {
    key: 'amount',
    heading: words.timelineColumns.amount,
    cell: ({ amount }) => (amount === null ? '–' : <Money amount={amount} />),
    isNumber: true,
  },
  {
    key: 'balanceAfter',
    heading: words.timelineColumns.balance,
    cell: ({ balanceAfter }) => (balanceAfter === null ? '–' : <Money amount={balanceAfter} />),
    isNumber: true,
  },
];

/** `owner:ada@harbor.example`: the person, and in which role. A name that is not of this form stands as it is. */
function whoIs(actor: string | null): ReactNode {
  if (actor === null) return '–';
  const [role, ...name] = actor.split(':');
  if (name.length === 0) return actor;
  return (
    <span className={styles.person}>
      {name.join(':')}
      <small>{wordFor(text.user.roles, role!)}</small>
    </span>
  );
}

/** What it was, the reason that a person gave, and all that is known of it. */
function What({ row: { text: said, details, at } }: { row: Row }) {
  return (
    <div className={styles.what}>
      <span>
        <Said>{said}</Said>
      </span>
      {typeof details.reason === 'string' && <small>{words.saidReason(details.reason)}</small>}
      {Object.keys(details).length > 0 && <Raw label={words.details} of={formatMoment(at)} value={details} />}
    </div>
  );
}
