/** Records that every method failed in an attempt: a strike, and the wait or the end that follows it (A8, A10). */
import { retryDelayMs, STRIKES_MAX } from '../../domain/decide';
import type { Policy } from '../../domain/accountState';
import { formatCents } from '../../domain/money';
import { closeReload } from './closeReload';
import type { Tx } from '../db';
import { lockAccount } from '../accounts/lockAccount';
import { postNotice } from '../notices/postNotice';
import { setLevels } from '../settings/setLevels';

export type Strike = { accountId: string; reloadId: string; attempt: number; methodsVersion: number; nowMs: number };

type Struck = {
  strikes: number;
  number: number;
  amount_cents: bigint;
  threshold_cents: bigint;
  decline_message: string | null;
};

/** Repeated for the same attempt it changes nothing. The third in a row disables auto-reload and tells every owner. */
export async function recordStrike(tx: Tx, strike: Strike, policy: Policy): Promise<void> {
  const { accountId, reloadId, nowMs } = strike;
  await lockAccount(tx, accountId);
  const { rows: existing } = await tx.query(
    'select 1 from reloads where id = $1 and attempt = $2 and closed_at is null',
    [reloadId, strike.attempt],
  );
  if (existing.length === 0) return;
  const { rows } = await tx.query<Struck>(
    `update account_states s set strikes = strikes + 1, last_strike_at = $3, tried_methods_version = greatest(tried_methods_version, $4)
     from reloads r join payments p on p.id = r.id where s.account_id = $1 and r.id = $2
     returning s.strikes, r.number, p.amount_cents, s.threshold_cents, p.decline_message`,
    [accountId, reloadId, new Date(nowMs), strike.methodsVersion],
  );
  const struck = rows[0]!;
  const amount = formatCents(Number(struck.amount_cents));
  const declineMessage = struck.decline_message ?? 'No payment method on file could be charged.';

  if (struck.strikes >= STRIKES_MAX) {
    await closeReload(tx, {
      accountId,
      reloadId,
      state: 'failed',
      because: `${struck.strikes} failed attempts in a row`,
      nowMs,
    });
    await tx.query(
      `update account_states set status = 'disabled_after_failures', version = version + 1 where account_id = $1`,
      [accountId],
    );
    await setLevels(tx, accountId, policy);
    await postNotice(tx, accountId, `disabled/${reloadId}`, {
      kind: 'disabled_after_failures',
      strikes: struck.strikes,
      amount,
      threshold: formatCents(Number(struck.threshold_cents)),
      declineMessage,
    });
    return;
  }
  const due = new Date(nowMs + retryDelayMs(policy.retryDelaysMs, struck.strikes));
  await tx.query(`update reloads set state = 'waiting', attempt = attempt + 1, due_at = $2 where id = $1`, [
    reloadId,
    due,
  ]);
  if (struck.strikes === 1) {
    await postNotice(tx, accountId, `first-failure/${reloadId}`, {
      kind: 'first_failed_attempt',
      number: struck.number,
      amount,
      declineMessage,
      nextAttemptAt: due.toISOString(),
    });
  }
}
