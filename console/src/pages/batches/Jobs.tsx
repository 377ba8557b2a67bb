import { Layers } from 'lucide-react';
import { useState } from 'react';
import { api, data, type Schemas } from '../../api/client';
import { batchesList } from '../../api/batches';
import { usePaged } from '../../api/paged';
import { keys } from '../../api/keys';
import { Badge } from '../../components/Badge';
import { Card } from '../../components/Card';
import { ChangeDialog } from '../../components/ChangeDialog';
import { Dialog } from '../../components/Dialog';
import type { Tone } from '../../components/Notice';
import { PagedTable } from '../../components/PagedTable';
import { Progress } from '../../components/Progress';
import { RowAction, RowActions, RowDownload } from '../../components/RowActions';
import { Empty } from '../../components/States';
import type { Column } from '../../components/Table';
import { useChange } from '../../components/useChange';
import { formatCount } from '../../format/number';
import { formatTime, fromSeconds } from '../../format/time';
import { useAccountId } from '../../session/session';
import { text } from '../../text';
import styles from './Batches.module.css';
import { contentOf } from './Files';
import { Faults } from './Faults';

const words = text.batches;
type Batch = Schemas['Batch'];
type Shown = { batch: Batch; what: 'cancel' | 'faults' };

/** The jobs of the account; their progress moves by itself. */
export function Jobs() {
  const list = usePaged(batchesList(useAccountId()));
  const [shown, setShown] = useState<Shown | null>(null);
  const close = (): void => setShown(null);
  return (
    <Card title={words.jobs} note={words.jobsNote}>
      <PagedTable
        list={list}
        caption={words.jobs}
        columns={columnsOf(setShown)}
        name="batches"
        lines={5}
        empty={
          <Empty icon={Layers} title={words.none}>
            {words.noneWhy}
          </Empty>
        }
      />
      {shown?.what === 'cancel' && <CancelDialog batch={shown.batch} onClose={close} />}
      {shown?.what === 'faults' && (
        <Dialog title={words.faults} isOpen isWide onClose={close}>
          <Faults faults={shown.batch.errors?.data ?? []} />
        </Dialog>
      )}
    </Card>
  );
}

const TONES: Record<Batch['status'], Tone | 'plain'> = {
  validating: 'info',
  in_progress: 'info',
  finalizing: 'info',
  completed: 'good',
  failed: 'bad',
  expired: 'warn',
  cancelling: 'warn',
  cancelled: 'plain',
};
const isOpen = ({ status }: Batch): boolean => status === 'validating' || status === 'in_progress';

const columnsOf = (onShow: (shown: Shown) => void): Column<Batch>[] => [
  {
    key: 'created_at',
    heading: words.columns.created,
    cell: ({ created_at }) => <time dateTime={fromSeconds(created_at)}>{formatTime(fromSeconds(created_at))}</time>,
    csv: ({ created_at }) => fromSeconds(created_at),
  },
  {
    key: 'id',
    heading: words.columns.batch,
    cell: ({ id, model }) => (
      <span className={styles.batch}>
        {model}
        <code>{id}</code>
      </span>
    ),
    csv: ({ id }) => id,
  },
  {
    key: 'status',
    heading: words.columns.status,
    cell: ({ status }) => <Badge tone={TONES[status]}>{words.statuses[status]}</Badge>,
    csv: ({ status }) => status,
  },
  {
    key: 'progress',
    heading: words.columns.progress,
    cell: ({ id, request_counts: { total, completed, failed } }) => (
      <Progress label={words.progressOf(id)} done={completed + failed} total={total}>
        {words.progress(formatCount(completed + failed), formatCount(total))}
        {failed > 0 && `, ${words.failedRequests(formatCount(failed))}`}
      </Progress>
    ),
    csv: ({ request_counts: { total, completed, failed } }) => `${completed} completed, ${failed} failed of ${total}`,
  },
  {
    key: 'tokens',
    heading: words.columns.tokens,
    cell: ({ usage }) => formatCount(usage.total_tokens),
    csv: ({ usage }) => String(usage.total_tokens),
    isNumber: true,
  },
  {
    key: 'actions',
    heading: words.columns.actions,
    cell: (batch) => (
      <RowActions>
        {batch.output_file_id && (
          <RowDownload label={words.output} of={batch.id} href={contentOf(batch.output_file_id)} />
        )}
        {batch.error_file_id && (
          <RowDownload label={words.errors} of={batch.id} href={contentOf(batch.error_file_id)} />
        )}
        {batch.errors && (
          <RowAction label={words.why} of={batch.id} onClick={() => onShow({ batch, what: 'faults' })} />
        )}
        {isOpen(batch) && (
          <RowAction label={words.cancel} of={batch.id} onClick={() => onShow({ batch, what: 'cancel' })} />
        )}
      </RowActions>
    ),
  },
];

function CancelDialog({ batch: { id, request_counts: counts }, onClose }: { batch: Batch; onClose: () => void }) {
  const cancelling = useChange({
    name: words.cancelIt,
    change: () =>
      data(api.POST('/v1/batches/{batchId}/cancel', { params: { path: { batchId: id } } })).then(
        () => words.cancelling,
      ),
    changes: [keys.topic(useAccountId(), 'batches')],
    onDone: onClose,
  });
  return (
    <ChangeDialog
      title={words.cancelTitle}
      why={words.reallyCancel(formatCount(counts.total - counts.completed - counts.failed))}
      submit={words.cancelIt}
      change={cancelling}
      onClose={onClose}
      isDanger
    />
  );
}
