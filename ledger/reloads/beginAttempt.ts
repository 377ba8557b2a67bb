/** Begins to confirm a payment with a method, or finds that it may no longer be (A7, P5). */
import { reached, type AutoReloadSettings, type AutoReloadStatus } from '../../domain/autoReload';
import type { Policy } from '../../domain/accountState';
import { reasonsInWords, statusInWords } from '../../domain/words';
import { closeReload } from './closeReload';
import type { Tx } from '../db';
import { lockAccount } from '../accounts/lockAccount';
import { putInForce } from '../settings/putInForce';
import { setLevels } from '../settings/setLevels';

export type Attempt = {
  accountId: string;
  paymentId: string;
  attempt: number;
  methodId: string;
  role: string | null;
  nowMs: number;
};
export type BegunAttempt =
  /** Confirm under this number's key; it is committed before the confirmation is sent. */
  | { kind: 'confirm'; confirmation: number; cents: number; paymentIntentId: string; latestChargeId: string | null }
  /** The payment is final, its reload has closed, was closed now or is past this attempt: send nothing. */
  | { kind: 'ended' };

type Row = {
  status: string;
  amount_cents: bigint;
  payment_intent_id: string;
  latest_charge_id: string | null;
  reload: boolean;
  closed: boolean;
  /** The reload has gone on to a later attempt, or its method has answered in this one. */
  past: boolean | null;
  wished: AutoReloadSettings | null;
  settings_status: AutoReloadStatus;
  threshold_cents: bigint | null;
};

/** Repeats the checks of opening (not breaker and limit) under the account's lock: a stale worker then does no harm. */
export async function beginAttempt(tx: Tx, attempt: Attempt, policy: Policy): Promise<BegunAttempt> {
  const { accountId, paymentId } = attempt;
  const position = await lockAccount(tx, accountId);
  const { rows } = await tx.query<Row>(
    `select p.status, p.amount_cents, p.payment_intent_id, p.latest_charge_id, r.id is not null as reload,
       r.closed_at is not null as closed, r.attempt <> $3 or a.outcome <> 'unknown' as past, r.wished, s.status as settings_status, s.threshold_cents
     from payments p left join reloads r on r.id = p.id
       left join payment_attempts a on (a.payment_id, a.attempt, a.payment_method_id) = (p.id, $3, $4)
       join account_states s on s.account_id = p.account_id
     where p.id = $1 and p.account_id = $2`,
    [paymentId, accountId, attempt.attempt, attempt.methodId],
  );
  const row = rows[0];
  if (!row) throw new Error(`account ${accountId} has no payment ${paymentId}`);
  if (row.status !== 'processing' && row.status !== 'requires_action') return { kind: 'ended' };
  if (row.reload) {
    if (row.closed || row.past) return { kind: 'ended' };
    const thresholdCents = row.wished ? row.wished.thresholdCents : Number(row.threshold_cents);
    const because =
      position.setReasons.length > 0
        ? `no card is charged while ${reasonsInWords(position.setReasons)}`
        : !row.wished && row.settings_status !== 'on'
          ? statusInWords[row.settings_status]
          : !reached(position.available, thresholdCents, policy.trigger)
            ? 'available is above the threshold again'
            : null;
    if (because) {
      // Nothing needs to be charged any more for what an owner wished: it is in force without (A5).
      if (row.wished && position.setReasons.length === 0) {
        await putInForce(tx, accountId, row.wished);
        await setLevels(tx, accountId, policy);
      }
      await closeReload(tx, { accountId, reloadId: paymentId, state: 'canceled', because, nowMs: attempt.nowMs });
      return { kind: 'ended' };
    }
    await tx.query(`update reloads set state = 'charging' where id = $1`, [paymentId]);
  }
  const { rows: begun } = await tx.query<{ confirmations: number }>(
    `insert into payment_attempts (payment_id, attempt, payment_method_id, role, confirmations, at) values ($1, $2, $3, $4, 1, $5)
     on conflict (payment_id, attempt, payment_method_id) do update set confirmations = payment_attempts.confirmations + 1
     returning confirmations`,
    [paymentId, attempt.attempt, attempt.methodId, attempt.role, new Date(attempt.nowMs)],
  );
  return {
    kind: 'confirm',
    confirmation: begun[0]!.confirmations,
    cents: Number(row.amount_cents),
    paymentIntentId: row.payment_intent_id,
    latestChargeId: row.latest_charge_id,
  };
}
