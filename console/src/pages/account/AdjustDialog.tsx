/** Credits or debits an account by hand (B6). What is booked, and what the balance is then, is said before. */
import { useState } from 'react';
import { api, data, type Schemas } from '../../api/client';
import { useKept } from '../../api/intent';
import { keys } from '../../api/keys';
import { ChangeDialog } from '../../components/ChangeDialog';
import { commaFault, Field } from '../../components/Field';
import { useChange } from '../../components/useChange';
import { addMoney, formatMoney, isNegative, looksLikeSignedAmount, typedAmount } from '../../format/money';
import { text } from '../../text';
import { ReasonField } from './ReasonField';

const words = text.accounts;
type Sent = { amount: string; reason: string };

export function AdjustDialog({
  account: { id, balance },
  onClose,
}: {
  account: Schemas['Account'];
  onClose: () => void;
}) {
  const kept = useKept<Sent>(`adjustment.${id}`);
  const [typed, setTyped] = useState<Sent>({ amount: '', reason: '' });
  const { amount, reason } = kept.unanswered ?? typed;
  const adjusting = useChange({
    name: words.acts.adjust,
    change: async () => {
      const { amount: taken } = await kept.send({ amount: typedAmount(amount), reason }, (key) =>
        data(
          api.POST('/v1/accounts/{id}/adjustments', {
            params: { path: { id }, header: { 'Idempotency-Key': key } },
            body: { amount: typedAmount(amount), reason },
          }),
        ),
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
      isReady={commaFault(amount) === undefined}
      kept={kept}
      onClose={onClose}
    >
      <Field label={words.amount} hint={words.amountHint} error={commaFault(amount)}>
        <input
          value={amount}
          onChange={(event) => setTyped({ amount: event.target.value, reason })}
          inputMode="text"
          required
        />
      </Field>
      <ReasonField reason={reason} onReason={(changed) => setTyped({ amount, reason: changed })} />
      {looksLikeSignedAmount(amount) && <p role="status">{bookedOf(typedAmount(amount), balance)}</p>}
    </ChangeDialog>
  );
}

function bookedOf(amount: string, balance: string): string {
  const then = formatMoney(addMoney(balance, amount));
  return isNegative(amount)
    ? words.debits(formatMoney(amount.replace('-', '')), then)
    : words.credits(formatMoney(amount), then);
}
