/** Tells the owners, and who asked, of a decision (N1). */
import { postNotice } from '../notices/postNotice';
import type { Tx } from '../db';
import type { LimitRequest } from './limitRequest';

/** In the transaction that decides, so that they are told if and only if it was decided. */
export async function tellDecision(tx: Tx, request: LimitRequest): Promise<void> {
  const { id, accountId, key, model, granted, current, note, memberId } = request;
  const noticeKey = `limit-request/${id}`;
  await postNotice(tx, accountId, noticeKey, {
    kind: 'limit_request_decided',
    request: id,
    key,
    model,
    decision: granted === null ? 'deny' : 'approve',
    limit: String(granted ?? current),
    note: note ?? '',
  });
  // Owners have a delivery already; a resource modifier who asked gets one of theirs.
  await tx.query(
    `insert into notice_deliveries (notice_id, recipient)
     select n.id, m.email from notices n, members m
     where n.key = $1 and m.id = $2 and m.removed_at is null and m.confirmed_at is not null
     on conflict do nothing`,
    [noticeKey, memberId],
  );
}
