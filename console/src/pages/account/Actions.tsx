/** What an admin may do to an account's money and access. Each wants a reason, which is kept. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent, type ReactNode } from 'react';
import { api, data, type Schemas } from '../../api/client';
import { keys } from '../../api/queries';
import { Button } from '../../components/Button';
import { Dialog } from '../../components/Dialog';
import { Field } from '../../components/Field';
import { Notice } from '../../components/Notice';
import { toast } from '../../components/toast';
import { formatMoney } from '../../format/money';
import { newId } from '../../format/newId';
import { text } from '../../text';
import styles from './Account.module.css';

const words = text.accounts;
type Account = Schemas['Account'];

export function Actions({ account }: { account: Account }) {
  const { id, gate, closedAt } = account;
  const [open, setOpen] = useState<'adjust' | 'suspend' | null>(null);
  const lifting = useChange(id, () =>
    data(api.DELETE('/v1/accounts/{id}/suspension', { params: { path: { id } } })).then(() => words.lifted),
  );
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
      {lifting.isError && <Notice tone="bad">{lifting.error.message}</Notice>}
      {open === 'adjust' && <AdjustDialog id={id} onClose={() => setOpen(null)} />}
      {open === 'suspend' && <SuspendDialog id={id} onClose={() => setOpen(null)} />}
    </span>
  );
}

/** Runs a change, tells what it says in the end, and has everything of the account read again. */
function useChange(id: string, change: () => Promise<string>, onDone?: () => void) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: (news) => {
      toast(news);
      onDone?.();
    },
    onSettled: () => queries.invalidateQueries({ queryKey: keys.account(id) }),
  });
}

function AdjustDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const [amount, setAmount] = useState('');
  const [reason, setReason] = useState('');
  // One intent, one key: it is made when the window opens, and what is changed after a refusal was never taken under it.
  const [key] = useState(newId);
  const adjusting = useChange(
    id,
    async () => {
      const { amount: taken } = await data(
        api.POST('/v1/accounts/{id}/adjustments', {
          params: { path: { id }, header: { 'Idempotency-Key': key } },
          body: { amount, reason },
        }),
      );
      return words.adjusted(formatMoney(taken));
    },
    onClose,
  );
  return (
    <ReasonDialog
      title={words.adjust}
      why={words.adjustWhy}
      change={adjusting}
      reason={reason}
      onReason={setReason}
      onClose={onClose}
    >
      <Field label={words.amount} hint={words.amountHint}>
        <input value={amount} onChange={(event) => setAmount(event.target.value)} inputMode="decimal" required />
      </Field>
    </ReasonDialog>
  );
}

function SuspendDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const [reason, setReason] = useState('');
  const suspending = useChange(
    id,
    () =>
      data(api.PUT('/v1/accounts/{id}/suspension', { params: { path: { id } }, body: { reason } })).then(
        () => words.suspended,
      ),
    onClose,
  );
  return (
    <ReasonDialog
      title={words.suspend}
      why={words.suspendWhy}
      change={suspending}
      reason={reason}
      onReason={setReason}
      onClose={onClose}
      isDanger
    />
  );
}

type ReasonProps = {
  title: string;
  why: string;
  change: { mutate: () => void; isPending: boolean; error: Error | null };
  reason: string;
  onReason: (reason: string) => void;
  onClose: () => void;
  isDanger?: boolean;
  children?: ReactNode;
};

function ReasonDialog({ title, why, change, reason, onReason, onClose, isDanger = false, children }: ReasonProps) {
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (!change.isPending) change.mutate();
  };
  return (
    <Dialog title={title} isOpen isForm onClose={onClose}>
      <form className={styles.form} onSubmit={submit}>
        <p>{why}</p>
        {children}
        <Field label={words.reason} hint={words.reasonHint}>
          <input value={reason} onChange={(event) => onReason(event.target.value)} required />
        </Field>
        {change.error && <Notice tone="bad">{change.error.message}</Notice>}
        <div className={styles.buttons}>
          <Button type="submit" look={isDanger ? 'danger' : 'primary'} isRunning={change.isPending}>
            {title}
          </Button>
          <Button onClick={onClose}>{text.dialog.cancel}</Button>
        </div>
      </form>
    </Dialog>
  );
}
