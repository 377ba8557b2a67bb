import { Scale } from 'lucide-react';
import { usePaged } from '../../api/paged';
import { decisionsList, type Decision } from '../../api/transactions';
import { Card } from '../../components/Card';
import { PagedTable } from '../../components/PagedTable';
import { Said } from '../../components/Said';
import { Empty } from '../../components/States';
import type { Column } from '../../components/Table';
import { formatTime } from '../../format/time';
import { useAccountId } from '../../session/session';
import { text } from '../../text';
import { wordFor } from '../../text/word';

const words = text.decisions;

/** Why something was charged or not, suspended or resumed, in one sentence each (A15). */
export function Decisions() {
  const list = usePaged(decisionsList(useAccountId()));
  return (
    <Card title={words.title} note={words.note}>
      <PagedTable
        list={list}
        caption={words.title}
        name="decisions"
        columns={columns}
        empty={
          <Empty icon={Scale} title={words.none}>
            {words.noneWhy}
          </Empty>
        }
      />
    </Card>
  );
}

const columns: readonly Column<Decision>[] = [
  {
    key: 'at',
    heading: words.columns.at,
    cell: ({ at }) => <time dateTime={at}>{formatTime(at)}</time>,
  },
  { key: 'kind', heading: words.columns.kind, cell: ({ kind }) => wordFor(words.kinds, kind) },
  { key: 'because', heading: words.columns.because, cell: ({ because }) => <Said>{because}</Said> },
];
