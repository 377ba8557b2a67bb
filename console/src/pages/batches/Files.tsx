import { FileText } from 'lucide-react';
import { useState } from 'react';
import { api, data, type Schemas } from '../../api/client';
import { filesList } from '../../api/batches';
import { usePaged } from '../../api/paged';
import { keys } from '../../api/keys';
import { Breakable } from '../../components/Breakable';
import { Card } from '../../components/Card';
import { ChangeDialog } from '../../components/ChangeDialog';
import { PagedTable } from '../../components/PagedTable';
import { RowAction, RowActions, RowDownload } from '../../components/RowActions';
import { Empty } from '../../components/States';
import type { Column } from '../../components/Table';
import { useChange } from '../../components/useChange';
import { formatBytes } from '../../format/number';
import { formatDate, formatTime, fromSeconds } from '../../format/time';
import { useAccountId } from '../../session/session';
import { text } from '../../text';
import styles from './Batches.module.css';

const words = text.batches;
type File = Schemas['File'];

export const contentOf = (fileId: string): string => `/v1/files/${encodeURIComponent(fileId)}/content`;

/** What was uploaded, and what jobs have written. */
export function Files({ onUse }: { onUse: (fileId: string) => void }) {
  const list = usePaged(filesList(useAccountId()));
  const [removing, setRemoving] = useState<File | null>(null);
  return (
    <Card title={words.files} note={words.filesNote}>
      <PagedTable
        list={list}
        caption={words.files}
        columns={columnsOf(onUse, setRemoving)}
        name="files"
        empty={
          <Empty icon={FileText} title={words.noFiles}>
            {words.noFilesWhy}
          </Empty>
        }
      />
      {removing && <RemoveDialog file={removing} onRemoved={list.restart} onClose={() => setRemoving(null)} />}
    </Card>
  );
}

/** Names are the owner's and may be the same twice: for the ear each control has the id, too. */
const nameOf = ({ filename, id }: File): string => `${filename} (${id})`;

const columnsOf = (onUse: (fileId: string) => void, onRemove: (file: File) => void): Column<File>[] => [
  {
    key: 'filename',
    heading: words.fileColumns.name,
    cell: ({ filename, purpose }) => (
      <span className={purpose === 'batch_output' ? styles.result : undefined}>
        <Breakable>{filename}</Breakable>
      </span>
    ),
    csv: ({ filename }) => filename,
  },
  {
    key: 'purpose',
    heading: words.fileColumns.purpose,
    cell: ({ purpose }) => words.purposes[purpose],
    csv: ({ purpose }) => purpose,
  },
  {
    key: 'created_at',
    heading: words.fileColumns.created,
    cell: ({ created_at }) => <time dateTime={fromSeconds(created_at)}>{formatTime(fromSeconds(created_at))}</time>,
    csv: ({ created_at }) => fromSeconds(created_at),
  },
  {
    key: 'expires_at',
    heading: words.fileColumns.expires,
    cell: ({ expires_at }) =>
      expires_at === null ? '–' : <time dateTime={fromSeconds(expires_at)}>{formatDate(fromSeconds(expires_at))}</time>,
    csv: ({ expires_at }) => (expires_at === null ? '' : fromSeconds(expires_at)),
  },
  {
    key: 'bytes',
    heading: words.fileColumns.size,
    cell: ({ bytes }) => formatBytes(bytes),
    csv: ({ bytes }) => String(bytes),
    isNumber: true,
  },
  {
    key: 'actions',
    heading: words.fileColumns.actions,
    cell: (file) => (
      <RowActions>
        <RowDownload label={words.download} of={nameOf(file)} href={contentOf(file.id)} />
        {file.purpose === 'batch' && <RowAction label={words.use} of={nameOf(file)} onClick={() => onUse(file.id)} />}
        <RowAction label={words.remove} of={nameOf(file)} onClick={() => onRemove(file)} />
      </RowActions>
    ),
  },
];

type RemoveProps = { file: File; onRemoved: () => void; onClose: () => void };

function RemoveDialog({ file: { id, filename }, onRemoved, onClose }: RemoveProps) {
  const removing = useChange({
    name: words.removeTitle,
    change: () =>
      data(api.DELETE('/v1/files/{fileId}', { params: { path: { fileId: id } } })).then(() => words.removed),
    changes: [keys.topic(useAccountId(), 'files')],
    onDone: () => {
      onRemoved();
      onClose();
    },
  });
  return (
    <ChangeDialog
      title={words.removeTitle}
      why={words.reallyRemove(filename)}
      submit={words.remove}
      change={removing}
      onClose={onClose}
      isDanger
    />
  );
}
