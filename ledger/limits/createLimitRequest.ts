/** Writes down that an account asks for a higher limit; its workflow is started from there (L6). */
import type { LimitKey } from '../../domain/limits';
import { PENDING_REQUESTS_MAX, refuseRaise, type RaiseRefusal } from '../../domain/limitRequest';
import { lockOpenAccount } from '../accounts/requireOpenAccount';
import type { Tx } from '../db';
import type { LimitRequest } from './limitRequest';
import { readLimit } from './readLimit';
import { readLimitRequest } from './readLimitRequest';

export type NewLimitRequest = {
  accountId: string;
  key: LimitKey;
  model: string | null;
  requested: number;
  reason: string;
  actor: string;
  memberId: string | null;
};

export type LimitRequestCreated =
  | { kind: 'created'; request: LimitRequest }
  /** Just this waits already: nothing was written down. */
  | { kind: 'repeated'; request: LimitRequest }
  | { kind: 'refused'; refusal: RaiseRefusal }
  /** The account has so many that wait. */
  | { kind: 'too_many'; inUse: number };

/**
 * One at a time per account, so that the bound on pending ones holds, and two clicks make one request: what is asked for
 * again in the same words while it waits is the same request. Throws `not_found`, `account_closed`.
 */
export async function createLimitRequest(tx: Tx, asked: NewLimitRequest): Promise<LimitRequestCreated> {
  const { accountId, key, model, requested } = asked;
  await lockOpenAccount(tx, accountId);
  const refusal = refuseRaise(key, requested, await readLimit(tx, accountId, key, model ?? ''));
  if (refusal) return { kind: 'refused', refusal };
  const { rows: pending } = await tx.query<{ id: string; is_same: boolean }>(
    `select id, key = $2 and model_id is not distinct from $3 and requested = $4 and reason = $5 as is_same
     from limit_requests where account_id = $1 and status = 'pending'`,
    [accountId, key, model, requested, asked.reason],
  );
  const same = pending.find(({ is_same: isSame }) => isSame);
  if (same) return { kind: 'repeated', request: (await readLimitRequest(tx, same.id))! };
  if (pending.length >= PENDING_REQUESTS_MAX) return { kind: 'too_many', inUse: pending.length };
  const { rows } = await tx.query<{ id: string }>(
    `insert into limit_requests (account_id, key, model_id, requested, reason, actor, member_id)
     values ($1, $2, $3, $4, $5, $6, $7) returning id`,
    [accountId, key, model, requested, asked.reason, asked.actor, asked.memberId],
  );
  return { kind: 'created', request: (await readLimitRequest(tx, rows[0]!.id))! };
}
