/** Gives a payment back, in part or whole. How much of it may be is for the API to say; how much is asked is said before. */
import { useState } from 'react';
import { api, data } from '../../api/client';
import { useKept } from '../../api/intent';
import { keys } from '../../api/keys';
import { ChangeDialog } from '../../components/ChangeDialog';
import { Dialog } from '../../components/Dialog';
import { commaFault, Field, MoneyInput } from '../../components/Field';
import { useChange } from '../../components/useChange';
import { refundKey, type Refundable } from '../../features/payment/refundable';
import { formatMoney, looksLikeAmount, typedAmount } from '../../format/money';
import { formatMoment } from '../../format/time';
import { text } from '../../text';

const words = text.accounts;
type Left = Pick<Refundable, 'amount' | 'left'>;
/** `payment`: its `refundKey`. Name and sums are as they were when it was sent: once it is done, it may be no choice any more. */
type Sent = { payment: string; name: string; of: Left; amount: string };

type Props = {
  accountId: string;
  /** All that can be chosen, the newest first. */
  payments: readonly Refundable[];
  /** Which one was asked for; null: none yet. */
  chosen: string | null;
  onClose: () => void;
};

export function RefundDialog({ accountId: id, payments, chosen, onClose }: Props) {
  const kept = useKept<Sent>(`refund.${id}`);
  // What can be given back changes under the window once it is done: what was there when it opened can be chosen.
  const [choices] = useState(payments);
  const [picked, setPicked] = useState(chosen ?? '');
  const [typed, setTyped] = useState('');
  const wished = kept.unanswered ?? wishOf(choices, picked, typed);
  const amount = kept.unanswered?.amount ?? typed;
  const refunding = useChange({
    name: words.acts.refund,
    change: async () => {
      const { amount: refunded } = await kept.send(wished!, (key) => send(id, wished!, key));
      return words.refunded(formatMoney(refunded));
    },
    changes: [keys.account(id)],
    onDone: onClose,
  });
  if (choices.length === 0 && wished === null)
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
      isReady={wished !== null && commaFault(amount) === undefined}
      kept={kept}
      onClose={onClose}
      isDanger
    >
      <Field label={words.refundOf}>
        <select value={wished?.payment ?? ''} onChange={(event) => setPicked(event.target.value)} required>
          {wished === null && <option value="">{words.choosePayment}</option>}
          {kept.unanswered && <option value={kept.unanswered.payment}>{kept.unanswered.name}</option>}
          {choices
            .filter((one) => refundKey(one) !== kept.unanswered?.payment)
            .map((one) => (
              <option key={refundKey(one)} value={refundKey(one)}>
                {nameOf(one)}
              </option>
            ))}
        </select>
      </Field>
      <Field
        label={words.refundAmount}
        hint={wished ? words.refundAmountHint(formatMoney(wished.of.left)) : words.refundAll}
        error={commaFault(amount)}
      >
        <MoneyInput value={amount} onChange={(event) => setTyped(event.target.value)} />
      </Field>
      {wished && <Refunds wished={wished} />}
    </ChangeDialog>
  );
}

function wishOf(choices: readonly Refundable[], picked: string, typed: string): Sent | null {
  const payment = choices.find((one) => refundKey(one) === picked);
  if (payment === undefined) return null;
  const { amount, left } = payment;
  return { payment: picked, name: nameOf(payment), of: { amount, left }, amount: typedAmount(typed) };
}

/** What is given back, where it can be read. */
function Refunds({ wished: { of, amount } }: { wished: Sent }) {
  const asked = amount === '' ? of.left : amount;
  return looksLikeAmount(asked) ? (
    <p role="status">{words.refunds(formatMoney(asked), formatMoney(of.amount))}</p>
  ) : null;
}

const nameOf = (payment: Refundable): string =>
  words.refundable(
    payment.kind === 'prepayment' ? text.transactions.kinds.prepayment : words.reloadNumber(payment.number),
    words.paymentOf(formatMoney(payment.amount), formatMoment(payment.at)),
  );

/** An empty amount: all that is left, as it was shown. */
function send(id: string, { payment, of: { left }, amount }: Sent, key: string) {
  const header = { 'Idempotency-Key': key };
  const body = { amount: amount === '' ? left : amount };
  const [kind, which] = payment.split('/') as [Refundable['kind'], string];
  return kind === 'prepayment'
    ? data(
        api.POST('/v1/accounts/{id}/prepayments/{prepaymentId}/refund', {
          params: { path: { id, prepaymentId: which }, header },
          body,
        }),
      )
    : data(
        api.POST('/v1/accounts/{id}/reloads/{number}/refund', {
          params: { path: { id, number: Number(which) }, header },
          body,
        }),
      );
}
