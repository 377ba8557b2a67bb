/** Batches: jobs with their progress, their files, and a new one from an upload or a file that is here (L2, L3). */
import { Button } from '../../components/Button';
import { PageHead } from '../../components/Card';
import { useWindows } from '../../components/useWindow';
import { text } from '../../text';
import { Files } from './Files';
import { Jobs } from './Jobs';
import { NewBatch } from './NewBatch';

export default function BatchesPage() {
  const { shown, of, open, close } = useWindows('file');
  const add = (
    <Button look="primary" onClick={() => open('new')}>
      {text.batches.create}
    </Button>
  );
  return (
    <>
      <PageHead title={text.pages.batches}>{add}</PageHead>
      <Jobs />
      <Files onUse={(file) => open('new', file)} />
      {shown === 'new' && <NewBatch fileId={of} onClose={close} />}
    </>
  );
}
