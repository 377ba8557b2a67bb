/** Records what became of a method in an attempt: declined, up to its owner, or not known yet. Success is settlePayment's to record. */
import { formatCents } from '../../domain/money';
import type { Attempt } from './beginAttempt';
import type { Tx } from '../db';
import { lockAccount } from '../accounts/lockAccount';
import { markUnusable } from '../methods/markUnusable';
import { postNotice } from '../notices/postNotice';

export type Decline = {
  code: string;
  message: string;
  chargeId: string | null;
  forGood: boolean;
  /** The owner can still confirm this payment, at this link of ours (A11). */
  confirmationUrl: string | null;
};

/**
 * A declined method stays declined for this attempt; declined for good it is not tried again at all (A11). A repeat,
 * or news of a payment that has been settled meanwhile, changes nothing.
 */
export async function recordDecline(tx: Tx, attempt: Attempt, decline: Decline): Promise<void> {
  await lockAccount(tx, attempt.accountId);
  const { rowCount } = await tx.query(
    `update payment_attempts set outcome = 'declined', decline_code = $4, decline_message = $5
     where payment_id = $1 and attempt = $2 and payment_method_id = $3 and outcome = 'unknown'`,
    [attempt.paymentId, attempt.attempt, attempt.methodId, decline.code, decline.message],
  );
  if (!rowCount) return;
  await tx.query(
    `update payments set decline_code = $2, decline_message = $3, latest_charge_id = coalesce($4, latest_charge_id),
       status = case when $5 then 'requires_action' else status end
     where id = $1 and status in ('processing', 'requires_action')`,
    [attempt.paymentId, decline.code, decline.message, decline.chargeId, decline.confirmationUrl !== null],
  );
  if (decline.confirmationUrl !== null) await askForConfirmation(tx, attempt, decline.confirmationUrl);
  await tx.query(`update reloads set state = 'charging' where id = $1 and attempt = $2 and closed_at is null`, [
    attempt.paymentId,
    attempt.attempt,
  ]);
  if (decline.forGood) await markUnusable(tx, attempt, decline.code);
}

/**
 * An owner has confirmed a reload and was declined all the same. It is no attempt of the reload's: only what the bank
 * said is kept, and which charge is known, so that no later look takes it for an attempt's.
 */
export async function recordOwnersDecline(
  tx: Tx,
  owners: Pick<Attempt, 'accountId' | 'paymentId' | 'methodId'>,
  decline: Omit<Decline, 'confirmationUrl'>,
): Promise<void> {
  await lockAccount(tx, owners.accountId);
  const { rowCount } = await tx.query(
    `update payments set decline_code = $2, decline_message = $3, latest_charge_id = coalesce($4, latest_charge_id)
     where id = $1 and status = 'requires_action'
       and not exists (select 1 from payment_attempts where payment_id = $1 and outcome = 'unknown')`,
    [owners.paymentId, decline.code, decline.message, decline.chargeId],
  );
  if (rowCount && decline.forGood) await markUnusable(tx, owners, decline.code);
}

/**
 * A prepayment's owner has to confirm it before the bank decides (P2).
 * @param actionUrl the bank's page
 * @param confirmationUrl our link to it, for the mail
 */
export async function recordAwaiting(
  tx: Tx,
  attempt: Attempt,
  actionUrl: string,
  confirmationUrl: string,
): Promise<void> {
  await lockAccount(tx, attempt.accountId);
  const { rowCount } = await tx.query(
    `update payments set status = 'requires_action', action_url = $2 where id = $1 and status in ('processing', 'requires_action')`,
    [attempt.paymentId, actionUrl],
  );
  if (rowCount) await askForConfirmation(tx, attempt, confirmationUrl);
}

/** Owners are asked once per payment, however many of its methods want it. */
async function askForConfirmation(tx: Tx, { accountId, paymentId }: Attempt, url: string): Promise<void> {
  const { rows } = await tx.query<{ purpose: 'prepayment' | 'reload'; amount_cents: bigint }>(
    'select purpose, amount_cents from payments where id = $1',
    [paymentId],
  );
  const { purpose, amount_cents: cents } = rows[0]!;
  await postNotice(tx, accountId, `confirmation/${paymentId}`, {
    kind: 'confirmation_needed',
    amount: formatCents(Number(cents)),
    url,
    purpose,
  });
}

const FIRST_LOOK_MS = 5_000;
const LOOK_MS_MAX = 300_000;

/**
 * The outcome is to be found out later, with growing waits (A9). No strike: the method has not answered. Of an attempt
 * that the reload is past, or a method that has answered since, there is nothing to find out, and the waits stand (A10).
 */
export async function recordUnknown(tx: Tx, attempt: Attempt): Promise<{ dueMs: number }> {
  await lockAccount(tx, attempt.accountId);
  const { rows } = await tx.query<{ looks: number }>(
    `insert into payment_attempts as a (payment_id, attempt, payment_method_id, role, confirmations, looks, at)
     select $1, $2, $3, $4, 0, 1, $5 where not exists (select 1 from reloads where id = $1 and attempt <> $2)
     on conflict (payment_id, attempt, payment_method_id) do update set looks = a.looks + 1 where a.outcome = 'unknown' returning looks`,
    [attempt.paymentId, attempt.attempt, attempt.methodId, attempt.role, new Date(attempt.nowMs)],
  );
  if (!rows[0]) return { dueMs: attempt.nowMs };
  const { looks } = rows[0];
  const dueMs = attempt.nowMs + Math.min(FIRST_LOOK_MS * 2 ** (looks - 1), LOOK_MS_MAX);
  const due = new Date(dueMs);
  const { rowCount } = await tx.query(
    `update reloads set state = 'unknown', due_at = $2 where id = $1 and closed_at is null`,
    [attempt.paymentId, due],
  );
  if (rowCount)
    await tx.query('update balances set reload_due_at = $2 where account_id = $1', [attempt.accountId, due]);
  return { dueMs };
}
