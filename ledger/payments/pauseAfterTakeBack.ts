/** Pauses auto-reload when money taken back leaves too little: the card would be charged right back (P5). */
import type { Policy } from '../../domain/accountState';
import { reached } from '../../domain/autoReload';
import { formatCents, formatMoney } from '../../domain/money';
import { setStatus } from '../settings/setStatus';
import type { Tx } from '../db';
import { lockAccount } from '../accounts/lockAccount';
import type { Payment } from './payment';
import { recordDecision } from '../decisions/recordDecision';

/**
 * At or below the threshold, whatever the deployment's trigger: the next cent would start a reload. Raises the settings'
 * version, so that nothing decided before goes on. `number`: of the line that did it. Returns whether it paused.
 */
export async function pauseAfterTakeBack(
  tx: Tx,
  payment: Payment,
  number: number,
  policy: Policy,
  nowMs: number,
): Promise<boolean> {
  const { accountId, paymentIntentId } = payment;
  const { available } = await lockAccount(tx, accountId);
  // A first charge under way would put its settings in force below their threshold, and the next reload follow at once.
  await tx.query(
    `update reloads set wished = null where account_id = $1 and closed_at is null and $2::numeric <= (wished->>'thresholdCents')::numeric * 10000000`,
    [accountId, available.toString()],
  );
  const { rows } = await tx.query<{ threshold_cents: bigint }>(
    `select threshold_cents from account_states where account_id = $1 and status = 'on'`,
    [accountId],
  );
  if (!rows[0]) return false;
  const thresholdCents = Number(rows[0].threshold_cents);
  if (!reached(available, thresholdCents, 'at_or_below')) return false;
  await setStatus(tx, accountId, 'paused', policy);
  const because = `money of ${payment.purpose} ${payment.id} was taken back, which leaves $${formatMoney(available)} at or below the threshold $${formatCents(thresholdCents)}`;
  await recordDecision(
    tx,
    accountId,
    { id: `taken-back/${paymentIntentId}/${number}`, atMs: nowMs, kind: 'pause', rule: 'P5', because },
    { payment: payment.id, paymentIntentId, available: formatMoney(available), threshold: formatCents(thresholdCents) },
  );
  return true;
}
