/** Gives a payment back, in part or whole. How much of it is left is for the API to say. */
import { useState } from 'react';
import { api, data } from '../../api/client';
import { keys } from '../../api/keys';
import { ChangeDialog } from '../../components/ChangeDialog';
import { Field, MoneyInput } from '../../components/Field';
import { useChange } from '../../components/useChange';
import { formatMoney, typedAmount } from '../../format/money';
import { newId } from '../../format/newId';
import { text } from '../../text';

const words = text.accounts;
export type Refundable =
  { kind: 'prepayment'; id: string; amount: string } | { kind: 'reload'; number: number; amount: string };

type Props = { accountId: string; payment: Refundable; onClose: () => void };

export function RefundDialog({ accountId: id, payment, onClose }: Props) {
  const [amount, setAmount] = useState('');
  // One intent, one key: asked again after a lost answer it is the same refund, and with another amount it is refused.
  const [key] = useState(newId);
  const refunding = useChange({
    change: async () => {
      const { amount: refunded } = await send(id, payment, typedAmount(amount), key);
      return words.refunded(formatMoney(refunded));
    },
    changes: [keys.account(id)],
    onDone: onClose,
  });
  return (
    <ChangeDialog
      title={words.refundTitle(formatMoney(payment.amount))}
      why={words.refundWhy}
      submit={words.refund}
      change={refunding}
      onClose={onClose}
      isDanger
    >
      <Field label={words.refundAmount} hint={words.refundAmountHint}>
        <MoneyInput value={amount} onChange={(event) => setAmount(event.target.value)} />
      </Field>
    </ChangeDialog>
  );
}

/** @param amount empty: all that is left */
function send(id: string, payment: Refundable, amount: string, key: string) {
  const header = { 'Idempotency-Key': key };
  const body = amount === '' ? {} : { amount };
  return payment.kind === 'prepayment'
    ? data(
        api.POST('/v1/accounts/{id}/prepayments/{prepaymentId}/refund', {
          params: { path: { id, prepaymentId: payment.id }, header },
          body,
        }),
      )
    : data(
        api.POST('/v1/accounts/{id}/reloads/{number}/refund', {
          params: { path: { id, number: payment.number }, header },
          body,
        }),
      );
}
