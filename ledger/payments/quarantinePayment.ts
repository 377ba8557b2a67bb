/** Quarantines a payment whose money is not what was asked: nothing is credited, and nothing more is charged until an operator has looked (P3). */
import type { Policy } from '../../domain/accountState';
import { setStatus } from '../settings/setStatus';
import { closeReload } from '../reloads/closeReload';
import type { Tx } from '../db';
import type { Payment } from './payment';
import { recordDecision } from '../decisions/recordDecision';

/**
 * Its reload closes, auto-reload is paused, and the decision is kept (A15). Once per money: an operator who has looked may
 * give it back and turn auto-reload on again, and the same news may come again. Returns whether this call did it: then the
 * caller alerts an operator.
 */
export async function quarantinePayment(
  tx: Tx,
  payment: Payment,
  because: string,
  policy: Policy,
  nowMs: number,
): Promise<boolean> {
  const { accountId } = payment;
  const { rowCount: isNew } = await tx.query(
    `update payments set status = 'quarantined', quarantined_because = $2
     where id = $1 and status not in ('succeeded', 'quarantined') and quarantined_because is distinct from $2`,
    [payment.id, because],
  );
  if (!isNew) return false;
  await closeReload(tx, { accountId, reloadId: payment.id, state: 'failed', because, nowMs });
  const { rowCount } = await tx.query(`select 1 from account_states where account_id = $1 and status = 'on'`, [
    accountId,
  ]);
  if (rowCount) await setStatus(tx, accountId, 'paused', policy);
  await recordDecision(
    tx,
    accountId,
    { id: `quarantine/${payment.id}`, atMs: nowMs, kind: 'quarantine', rule: 'P3', because },
    { payment: payment.id },
  );
  return true;
}
