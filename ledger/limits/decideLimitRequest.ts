/** Decides a limit request: the decision, the raise and what is told of it are one transaction (L6). */
import { refuseRaise, type RaiseRefusal } from '../../domain/limitRequest';
import { lockOpenAccount } from '../accounts/requireOpenAccount';
import type { Tx } from '../db';
import type { LimitRequest } from './limitRequest';
import { readLimitRequest } from './readLimitRequest';
import { tellDecision } from './tellDecision';

export type LimitDecision = {
  requestId: string;
  /** `granted` null: what was asked. */
  wish: { kind: 'approve'; granted: number | null } | { kind: 'deny' };
  note: string;
  actor: string;
};

export type LimitRequestDecided =
  | { kind: 'decided'; request: LimitRequest }
  | { kind: 'decided_before'; request: LimitRequest }
  | { kind: 'refused'; refusal: RaiseRefusal }
  | { kind: 'not_found' };

/**
 * All decisions on an account's limits wait for one another, so of many on one request exactly one is taken. The limit
 * may have been raised since it was asked for: what is granted is held against the limit that is in force now. Throws `account_closed`.
 */
export async function decideLimitRequest(
  tx: Tx,
  { requestId, wish, note, actor }: LimitDecision,
): Promise<LimitRequestDecided> {
  const asked = await readLimitRequest(tx, requestId);
  if (!asked) return { kind: 'not_found' };
  await lockOpenAccount(tx, asked.accountId);
  const request = (await readLimitRequest(tx, requestId))!;
  if (request.status !== 'pending') return { kind: 'decided_before', request };
  const granted = wish.kind === 'approve' ? (wish.granted ?? request.requested) : null;
  if (granted !== null) {
    const refusal = refuseRaise(request.key, granted, request.current);
    if (refusal) return { kind: 'refused', refusal };
    await raise(tx, request, granted);
  }
  // Due at once: its workflow is to be told.
  await tx.query(
    `update limit_requests set status = $2, limit_value = $3, note = $4, decided_by = $5, decided_at = clock_timestamp(),
       start_at = clock_timestamp() where id = $1`,
    [requestId, granted === null ? 'denied' : 'approved', granted, note, actor],
  );
  const decided = (await readLimitRequest(tx, requestId))!;
  await tellDecision(tx, decided);
  return { kind: 'decided', request: decided };
}

/** In force with the commit: every process reads limits from Postgres. */
async function raise(tx: Tx, { id, accountId, key, model }: LimitRequest, limit: number): Promise<void> {
  await tx.query(
    `insert into limit_raises (account_id, key, model_id, limit_value, request_id) values ($1, $2, $3, $4, $5)
     on conflict (account_id, key, model_id)
       do update set limit_value = excluded.limit_value, request_id = excluded.request_id, at = clock_timestamp()`,
    [accountId, key, model ?? '', limit, id],
  );
}
