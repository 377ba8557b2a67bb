/** Suspends an account's access, whatever its balance is (S2). */
import { useState } from 'react';
import { api } from '../../api/client';
import { keys } from '../../api/keys';
import { ChangeDialog } from '../../components/ChangeDialog';
import { useChange } from '../../components/useChange';
import { text } from '../../text';
import { ReasonField } from './ReasonField';

const words = text.accounts;

export function SuspendDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const [reason, setReason] = useState('');
  const suspending = useChange({
    name: words.acts.suspend,
    change: async () => {
      await api.PUT('/v1/accounts/{id}/suspension', { params: { path: { id } }, body: { reason } });
      return words.suspended;
    },
    changes: [keys.account(id)],
    onDone: onClose,
  });
  return (
    <ChangeDialog title={words.acts.suspend} why={words.suspendWhy} change={suspending} onClose={onClose} isDanger>
      <ReasonField reason={reason} onReason={setReason} />
    </ChangeDialog>
  );
}
