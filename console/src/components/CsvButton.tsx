/** Saves a list as CSV. The API may take a while to write a long one; what is broken off is not saved at all. */
import { useMutation } from '@tanstack/react-query';
import { Download } from 'lucide-react';
import { download } from '../format/csv';
import { text } from '../text';
import { Button } from './Button';
import { Notice } from './Notice';

export function CsvButton({ fileName, read }: { fileName: string; read: () => Promise<Blob> }) {
  const saving = useMutation({ mutationFn: read, onSuccess: (content) => download(`${fileName}.csv`, content) });
  return (
    <>
      {saving.isError && <Notice tone="bad">{text.table.csvFailed}</Notice>}
      <Button look="quiet" isRunning={saving.isPending} onClick={() => saving.mutate()}>
        <Download size={15} aria-hidden="true" />
        {text.table.csv}
      </Button>
    </>
  );
}
