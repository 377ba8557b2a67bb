/** Credits or debits an account by hand (B6). */
import { useState } from 'react';
import { api, data, type Schemas } from '../../api/client';
import { keys } from '../../api/keys';
import { ChangeDialog } from '../../components/ChangeDialog';
import { Field } from '../../components/Field';
import { useChange } from '../../components/useChange';
import { formatMoney, typedAmount } from '../../format/money';
import { newId } from '../../format/newId';
import { text } from '../../text';
import { ReasonField } from './ReasonField';

const words = text.accounts;

export function AdjustDialog({
  account: { id, balance },
  onClose,
}: {
  account: Schemas['Account'];
  onClose: () => void;
}) {
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
    <ChangeDialog
      title={words.acts.adjust}
      why={words.adjustWhy(formatMoney(balance))}
      change={adjusting}
      onClose={onClose}
    >
      <Field label={words.amount} hint={words.amountHint}>
        <input value={amount} onChange={(event) => setAmount(event.target.value)} inputMode="text" required />
      </Field>
      <ReasonField reason={reason} onReason={setReason} />
    </ChangeDialog>
  );
}
