/** Begins to close an account: from here on nothing new is begun for it, and its gate denies. */
import type { Policy } from '../../domain/accountState';
import type { Nano } from '../../domain/money';
import { recordAudit } from '../audit/recordAudit';
import type { Tx } from '../db';
import { recordDecision } from '../decisions/recordDecision';
import { releaseHolds } from '../holds/releaseHolds';
import { endLimitRequests } from '../limits/endLimitRequests';
import { setStatus } from '../settings/setStatus';
import { findOpenWork, type OpenWork } from './findOpenWork';
import { lockBalance } from './lockBalance';
import type { Position } from './position';
import { revokeMemberKeys } from './revokeMemberKeys';
import { setSuspension } from './setSuspension';

export type ClosingWish = {
  accountId: string;
  /** What becomes of the money that is left; null: there shall be none, or it was said before. */
  balance: 'refund' | 'forfeit' | null;
  reason: string;
  actor: string;
  nowMs: number;
};
export type BegunClosing =
  /** `position` as it is now: holds are released, the gate denies. */
  | { kind: 'begun'; position: Position }
  | { kind: 'closed' }
  | { kind: 'not_found' }
  | { kind: 'open_work'; work: OpenWork[] }
  | { kind: 'balance_left'; balance: Nano };

/**
 * On anything but `begun` and `closed` the caller rolls back. Repeated it changes nothing but what is to become of the
 * money, while that is not done. A payment that is begun at the same moment comes first, and is found, or is refused.
 */
export async function beginClosing(tx: Tx, wish: ClosingWish, policy: Policy): Promise<BegunClosing> {
  const { accountId } = wish;
  if (!(await lockBalance(tx, accountId))) return { kind: 'not_found' };
  const { isNew, isDone, balance } = await close(tx, wish);
  if (isDone) return { kind: 'closed' };
  const work = await findOpenWork(tx, accountId);
  if (work.length > 0) return { kind: 'open_work', work };

  await releaseHolds(tx, accountId);
  await revokeMemberKeys(tx, accountId);
  await endLimitRequests(tx, accountId);
  if (isNew) await setStatus(tx, accountId, 'off', policy);
  const position = (await setSuspension(tx, accountId, 'account_closed', wish.reason, wish.actor))!;
  if (position.balance > 0n && balance === null) return { kind: 'balance_left', balance: position.balance };
  if (isNew || wish.balance !== null) await record(tx, wish, balance);
  return { kind: 'begun', position };
}

/** Who closed it, once per word about the money; and why nothing is charged from here on, once (A15). */
async function record(
  tx: Tx,
  { accountId, actor, reason, nowMs }: ClosingWish,
  balance: Row['balance'],
): Promise<void> {
  await recordAudit(tx, accountId, actor, 'account.close', { balance, reason });
  const because = `an administrator has closed the account (${reason}), so nothing is charged for it any more`;
  await recordDecision(
    tx,
    accountId,
    { id: `closing/${accountId}`, atMs: nowMs, kind: 'close_account', rule: 'S2', because },
    { balance },
  );
}

type Row = { is_new: boolean; is_done: boolean; balance: 'refund' | 'forfeit' | null };

/** Waits for whoever begins something at this moment (`requireOpenAccount`). */
async function close(
  tx: Tx,
  { accountId, balance, reason }: ClosingWish,
): Promise<{ isNew: boolean; isDone: boolean; balance: Row['balance'] }> {
  const { rows: before } = await tx.query<{ closing_at: Date | null }>(
    'select closing_at from accounts where id = $1 for no key update',
    [accountId],
  );
  const { rows } = await tx.query<Row>(
    `update accounts set closing_at = coalesce(closing_at, now()),
       closing_balance = case when closed_at is null then coalesce($2, closing_balance) else closing_balance end,
       closing_reason = case when closed_at is null then $3 else closing_reason end
     where id = $1 returning closed_at is not null as is_done, closing_balance as balance`,
    [accountId, balance, reason],
  );
  return { isNew: before[0]!.closing_at === null, isDone: rows[0]!.is_done, balance: rows[0]!.balance };
}
