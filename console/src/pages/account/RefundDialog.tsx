/** Gives a payment back, in part or whole. How much of it may be is for the API to say. */
import { useState } from 'react';
import { api, data } from '../../api/client';
import { keys } from '../../api/keys';
import { ChangeDialog } from '../../components/ChangeDialog';
import { Dialog } from '../../components/Dialog';
import { Field, MoneyInput } from '../../components/Field';
import { useChange } from '../../components/useChange';
import { refundKey, type Refundable } from '../../features/payment/refundable';
import { formatMoney, typedAmount } from '../../format/money';
import { newId } from '../../format/newId';
import { formatMoment } from '../../format/time';
import { text } from '../../text';

const words = text.accounts;

type Props = {
  accountId: string;
  /** All that can be chosen, the newest first. */
  payments: readonly Refundable[];
  /** Which one was asked for; null: none yet. */
  chosen: string | null;
  onClose: () => void;
};

export function RefundDialog({ accountId: id, payments, chosen, onClose }: Props) {
  // What can be given back changes under the window once it is done: what was there when it opened can be chosen.
  const [choices] = useState(payments);
  const [picked, setPicked] = useState(chosen ?? '');
  const [amount, setAmount] = useState('');
  // One intent, one key: asked again after a lost answer it is the same refund, and with another amount it is refused.
  const [key] = useState(newId);
  const payment = choices.find((one) => refundKey(one) === picked);
  const refunding = useChange({
    change: async () => {
      const { amount: refunded } = await send(id, payment!, typedAmount(amount), key);
      return words.refunded(formatMoney(refunded));
    },
    changes: [keys.account(id)],
    onDone: onClose,
  });
  if (choices.length === 0)
    return (
      <Dialog title={words.acts.refund} isOpen onClose={onClose}>
        <p>{words.nothingToRefund}</p>
      </Dialog>
    );
  return (
    <ChangeDialog
      title={words.acts.refund}
      why={words.refundWhy}
      submit={words.refund}
      change={refunding}
      isReady={payment !== undefined}
      onClose={onClose}
      isDanger
    >
      <Field label={words.refundOf}>
        <select value={picked} onChange={(event) => setPicked(event.target.value)} required>
          {payment === undefined && <option value="">{words.choosePayment}</option>}
          {choices.map((one) => (
            <option key={refundKey(one)} value={refundKey(one)}>
              {nameOf(one)}
            </option>
          ))}
        </select>
      </Field>
      <Field
        label={words.refundAmount}
        hint={payment ? words.refundAmountHint(formatMoney(payment.left)) : words.refundAll}
      >
        <MoneyInput value={amount} onChange={(event) => setAmount(event.target.value)} />
      </Field>
    </ChangeDialog>
  );
}

const nameOf = (payment: Refundable): string =>
  words.refundable(
    payment.kind === 'prepayment' ? text.transactions.kinds.prepayment : words.reloadNumber(payment.number),
    words.paymentOf(formatMoney(payment.amount), formatMoment(payment.at)),
  );

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
