/** Batches: jobs with their progress, their files, and a new one from an upload or a file that is here (L2, L3). */
import { useSearchParams } from 'wouter';
import { Button } from '../../components/Button';
import { PageHead } from '../../components/Card';
import { text } from '../../text';
import { Files } from './Files';
import { Jobs } from './Jobs';
import { NewBatch } from './NewBatch';

export default function BatchesPage() {
  const [search, setSearch] = useSearchParams();
  /** The window is in the URL, so that links and the palette lead to it. */
  const show = (next: { window?: 'new'; file?: string }): void =>
    setSearch((old) => {
      for (const name of ['window', 'file']) old.delete(name);
      for (const [name, value] of Object.entries(next)) old.set(name, value);
      return old;
    });
  const add = (
    <Button look="primary" onClick={() => show({ window: 'new' })}>
      {text.batches.create}
    </Button>
  );
  return (
    <>
      <PageHead title={text.pages.batches}>{add}</PageHead>
      <Jobs />
      <Files onUse={(file) => show({ window: 'new', file })} />
      {search.get('window') === 'new' && <NewBatch fileId={search.get('file')} onClose={() => show({})} />}
    </>
  );
}
