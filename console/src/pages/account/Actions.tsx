/** What an admin may do to an account's money and access. Each wants a reason, which is kept. */
import { useState } from 'react';
import { api, data, type Schemas } from '../../api/client';
import { keys } from '../../api/keys';
import { Button } from '../../components/Button';
import { ChangeDialog } from '../../components/ChangeDialog';
import { Field } from '../../components/Field';
import { Problem } from '../../components/Problem';
import { useChange } from '../../components/useChange';
import { formatMoney, typedAmount } from '../../format/money';
import { newId } from '../../format/newId';
import { text } from '../../text';
import styles from './Account.module.css';
import { CloseDialog } from './CloseDialog';

const words = text.accounts;
type Account = Schemas['Account'];

export function Actions({ account }: { account: Account }) {
  const { id, gate, closedAt } = account;
  const [open, setOpen] = useState<'adjust' | 'suspend' | 'close' | null>(null);
  const lifting = useChange({
    change: async () => {
      await api.DELETE('/v1/accounts/{id}/suspension', { params: { path: { id } } });
      return words.lifted;
    },
    changes: [keys.account(id)],
  });
  if (closedAt !== undefined) return null;
  const isSuspended = gate.reasons.includes('admin_suspended');
  return (
    <span className={styles.actions}>
      <Button onClick={() => setOpen('adjust')}>{words.adjust}</Button>
      {isSuspended ? (
        <Button isRunning={lifting.isPending} onClick={() => lifting.mutate()}>
          {words.lift}
        </Button>
      ) : (
        <Button look="danger" onClick={() => setOpen('suspend')}>
          {words.suspend}
        </Button>
      )}
      <Button look="danger" onClick={() => setOpen('close')}>
        {words.close}
      </Button>
      <Problem error={lifting.error} />
      {open === 'adjust' && <AdjustDialog id={id} onClose={() => setOpen(null)} />}
      {open === 'close' && <CloseDialog account={account} onClose={() => setOpen(null)} />}
      {open === 'suspend' && <SuspendDialog id={id} onClose={() => setOpen(null)} />}
    </span>
  );
}

function AdjustDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const [amount, setAmount] = useState('');
  const [reason, setReason] = useState('');
  // One intent, one key: it is made when the window opens, and what is changed after a refusal was never taken under it.
  const [key] = useState(newId);
  const adjusting = useChange({
    change: async () => {
      const { amount: taken } = await data(
        api.POST('/v1/accounts/{id}/adjustments', {
          params: { path: { id }, header: { 'Idempotency-Key': key } },
          body: { amount: typedAmount(amount), reason },
        }),
      );
      return words.adjusted(formatMoney(taken));
    },
    changes: [keys.account(id)],
    onDone: onClose,
  });
  return (
    <ChangeDialog title={words.adjust} why={words.adjustWhy} change={adjusting} onClose={onClose}>
      <Field label={words.amount} hint={words.amountHint}>
        <input value={amount} onChange={(event) => setAmount(event.target.value)} inputMode="decimal" required />
      </Field>
      <ReasonField reason={reason} onReason={setReason} />
    </ChangeDialog>
  );
}

function SuspendDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const [reason, setReason] = useState('');
  const suspending = useChange({
    change: async () => {
      await api.PUT('/v1/accounts/{id}/suspension', { params: { path: { id } }, body: { reason } });
      return words.suspended;
    },
    changes: [keys.account(id)],
    onDone: onClose,
  });
  return (
    <ChangeDialog title={words.suspend} why={words.suspendWhy} change={suspending} onClose={onClose} isDanger>
      <ReasonField reason={reason} onReason={setReason} />
    </ChangeDialog>
  );
}

const ReasonField = ({ reason, onReason }: { reason: string; onReason: (reason: string) => void }) => (
  <Field label={words.reason} hint={words.reasonHint}>
    <input value={reason} onChange={(event) => onReason(event.target.value)} required />
  </Field>
);
