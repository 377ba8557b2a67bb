/** A new batch: its file is uploaded, or one that is here is taken; what it takes is said before it is created. */
import { useState } from 'react';
import { Dialog } from '../../components/Dialog';
import { text } from '../../text';
import { CreateBatch } from './CreateBatch';
import { UploadFile } from './UploadFile';

export function NewBatch({ fileId, onClose }: { fileId: string | null; onClose: () => void }) {
  const [uploaded, setUploaded] = useState<string | null>(null);
  const file = uploaded ?? fileId;
  return (
    <Dialog title={text.batches.create} isOpen isForm isWide onClose={onClose}>
      {file === null ? <UploadFile onUploaded={setUploaded} /> : <CreateBatch fileId={file} onClose={onClose} />}
    </Dialog>
  );
}
