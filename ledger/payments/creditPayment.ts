/** Credits a paid PaymentIntent: the one function of everybody who brings the news (P3). */
import type { AutoReloadSettings } from '../../domain/autoReload';
import { differsFromAsked } from '../../domain/paymentStates';
import { raiseNews } from '../accounts/raiseNews';
import type { Tx } from '../db';
import type { PaidIntent } from '../../domain/payment';
import type { Policy } from '../../domain/accountState';
import { lockAccount } from '../accounts/lockAccount';
import { clearMark } from '../methods/clearMark';
import { centsToNano, formatMoney, nano, formatCents } from '../../domain/money';
import { putInForce } from '../settings/putInForce';
import { setLevels } from '../settings/setLevels';
import { postNotice } from '../notices/postNotice';

export type Credited =
  /** `now`: this call credited it; otherwise it had been credited before. */
  | { kind: 'credited'; now: boolean; accountId: string; sequence: number }
  | { kind: 'foreign' }
  /** The amount or currency is not what was asked: nothing is credited. */
  | { kind: 'differs'; because: string };

type PaymentRow = {
  id: string;
  account_id: string;
  purpose: 'prepayment' | 'reload';
  amount_cents: bigint;
  status: string;
};

type ReloadRow = { number: number; wished: AutoReloadSettings | null; closed_at: Date | null };

/**
 * In one transaction: the credit (its key is the PaymentIntent's id, so it is posted once), the payment and its reload
 * closed, strikes to 0, the method usable again (A11), a first charge's settings in force, the receipt, and news for the
 * workflow.
 */
export async function creditPayment(tx: Tx, paid: PaidIntent, policy: Policy, nowMs: number): Promise<Credited> {
  const { rows } = await tx.query<PaymentRow>(
    'select id, account_id, purpose, amount_cents, status from payments where payment_intent_id = $1',
    [paid.paymentIntentId],
  );
  const payment = rows[0];
  if (!payment) return { kind: 'foreign' };
  const because = differsFromAsked({ cents: Number(payment.amount_cents) }, paid);
  if (because !== null) return { kind: 'differs', because };
  await lockAccount(tx, payment.account_id);
  const line = await postCredit(tx, payment, paid);
  if (!line.posted) return { kind: 'credited', now: false, accountId: payment.account_id, sequence: line.sequence };

  const now = new Date(nowMs);
  await tx.query(
    `update payments set status = 'succeeded', settled_at = $2, receipt_url = $3, decline_code = null, decline_message = null,
       latest_charge_id = coalesce($4, latest_charge_id), payment_method_id = coalesce($5, payment_method_id) where id = $1`,
    [payment.id, now, paid.receiptUrl, paid.chargeId, paid.paymentMethodId],
  );
  await tx.query(
    `update payment_attempts set outcome = 'succeeded' where payment_id = $1 and payment_method_id = $2 and outcome = 'unknown'`,
    [payment.id, paid.paymentMethodId],
  );
  await tx.query('update account_states set strikes = 0, last_strike_at = null where account_id = $1', [
    payment.account_id,
  ]);
  await clearMark(tx, payment.account_id, paid.paymentMethodId, paid.card);
  if (payment.purpose === 'reload') await closePaidReload(tx, payment, paid, line.balance, policy, now);
  await raiseNews(tx, payment.account_id);
  return { kind: 'credited', now: true, accountId: payment.account_id, sequence: line.sequence };
}

async function postCredit(
  tx: Tx,
  payment: PaymentRow,
  paid: PaidIntent,
): Promise<{ sequence: number; balance: string; posted: boolean }> {
  const amount = centsToNano(Number(payment.amount_cents));
  const description = payment.purpose === 'reload' ? 'Auto-reload' : 'Prepayment';
  const { rows } = await tx.query<{ sequence: bigint; balance_after_nano: bigint; posted: boolean }>(
    `select (line).sequence, (line).balance_after_nano, posted from post_line($1, $2, 'payments', $3, $4, $5, $6)`,
    [
      payment.account_id,
      payment.purpose,
      amount.toString(),
      `pi/${paid.paymentIntentId}`,
      `${payment.purpose}/${payment.id}`,
      description,
    ],
  );
  const line = rows[0]!;
  return { sequence: Number(line.sequence), balance: formatMoney(nano(line.balance_after_nano)), posted: line.posted };
}

/** A reload that had closed unpaid and is paid late stays closed, but its money counts; its wish is gone (A5, A7). */
async function closePaidReload(
  tx: Tx,
  payment: PaymentRow,
  paid: PaidIntent,
  balance: string,
  policy: Policy,
  now: Date,
): Promise<void> {
  const { rows } = await tx.query<ReloadRow>('select number, wished, closed_at from reloads where id = $1', [
    payment.id,
  ]);
  const reload = rows[0]!;
  await tx.query(
    `update reloads set state = 'succeeded', because = 'paid', closed_at = coalesce(closed_at, $2) where id = $1`,
    [payment.id, now],
  );
  if (reload.closed_at === null && reload.wished) {
    await putInForce(tx, payment.account_id, reload.wished);
    await setLevels(tx, payment.account_id, policy);
  }
  await postNotice(tx, payment.account_id, `receipt/${payment.id}`, {
    kind: 'reload_succeeded',
    number: reload.number,
    amount: formatCents(Number(payment.amount_cents)),
    balance,
    ...(paid.brand === null ? {} : { brand: paid.brand }),
    ...(paid.last4 === null ? {} : { last4: paid.last4 }),
    ...(paid.receiptUrl === null ? {} : { receiptUrl: paid.receiptUrl }),
  });
}
