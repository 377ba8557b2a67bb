/** Gives the cost of a usage event back, once per event (B6). The event stays; reports leave it out. */
import { isClosed } from '../../domain/gate';
import { formatMoney } from '../../domain/money';
import { recordAudit } from '../audit/recordAudit';
import type { Tx } from '../db';
import { findUsageEvents } from './findUsageEvents';
import { listArchives, type Archive } from './listArchives';
import type { PostedEvent } from './postedEvent';
import { POSITION_COLUMNS, toPosition, type Position, type PositionRow } from '../accounts/position';
import { toTransactionView, type LineRow, type TransactionView } from '../transactions/transactionView';

export type UsageReversal = {
  accountId: string;
  eventId: string;
  reason: string;
  actor: string;
  idempotencyKey: string;
};
export type UsageReversed =
  /** `repeated`: the key had reversed just this before, and nothing was changed. */
  | { kind: 'posted'; repeated: boolean; line: TransactionView; position: Position }
  | { kind: 'key_reused' }
  | { kind: 'already_reversed' }
  /** It is closed, or about to be: nobody decides on a line of it any more. */
  | { kind: 'account_closed' }
  | { kind: 'unknown_account' }
  /** `archives`: the months that have left the database, one of which may have it (B8). */
  | { kind: 'unknown_event'; archives: Archive[] };

/** The line, the reversal and the audit in one transaction. Simultaneous calls wait for each other at the account's lock. */
export async function postUsageReversal(
  tx: Tx,
  { accountId, eventId, reason, actor, idempotencyKey }: UsageReversal,
): Promise<UsageReversed> {
  const before = await readPosition(tx, accountId);
  if (!before) return { kind: 'unknown_account' };

  const key = `usage_reversal/${accountId}/${idempotencyKey}`;
  const { rows: existing } = await tx.query<LineRow & { event_id: string; reason: string }>(
    `select l.*, r.event_id, r.reason from ledger_lines l join usage_reversals r using (account_id, sequence)
     where l.key = $1 and l.kind = 'usage_reversal'`,
    [key],
  );
  if (existing[0]) {
    if (existing[0].event_id !== eventId || existing[0].reason !== reason) return { kind: 'key_reused' };
    return { kind: 'posted', repeated: true, line: toTransactionView(existing[0]), position: before };
  }
  if (isClosed(before.setReasons)) return { kind: 'account_closed' };
  const [event] = await findUsageEvents(tx, [{ accountId, id: eventId }]);
  if (await isReversed(tx, accountId, eventId, event?.posting ?? null)) return { kind: 'already_reversed' };
  if (!event) return { kind: 'unknown_event', archives: await listArchives(tx, 'dropped') };

  const { cost } = event;
  const { rows: lines } = await tx.query<LineRow>(
    `select (line).* from post_line($1, 'usage_reversal', 'usage', $2, $3, $4, $5)`,
    [accountId, cost.toString(), key, `event/${eventId}`, reason],
  );
  const line = toTransactionView(lines[0]!);
  await tx.query(
    'insert into usage_reversals (account_id, event_id, sequence, reason, actor, posting) values ($1, $2, $3, $4, $5, $6)',
    [accountId, eventId, line.sequence, reason, actor, event.posting],
  );
  await subtractFromDay(tx, accountId, event);
  await recordAudit(tx, accountId, actor, 'usage.reverse', {
    eventId,
    reason,
    amount: formatMoney(cost),
    sequence: line.sequence,
  });
  return { kind: 'posted', repeated: false, line, position: (await readPosition(tx, accountId))! };
}

/**
 * An id whose event has left for an archive may be posted again (B8): the reversal of the one says nothing of the other.
 * @param posting of the event that is kept; null when none is: then a reversal of any event that had the id counts
 */
async function isReversed(tx: Tx, accountId: string, eventId: string, posting: bigint | null): Promise<boolean> {
  const { rowCount } = await tx.query(
    `select from usage_reversals where account_id = $1 and event_id = $2 and coalesce(posting = $3, true)`,
    [accountId, eventId, posting],
  );
  return rowCount! > 0;
}

/** The event may not be summed yet: then the day is short of it until it is, and right together with what is unsummed. */
async function subtractFromDay(tx: Tx, accountId: string, event: PostedEvent): Promise<void> {
  await tx.query(
    `insert into usage_days as d (account_id, day, model, kind, requests, input_tokens, output_tokens, images, cost_nano)
     values ($1, ($2::timestamptz at time zone 'UTC')::date, $3, $4, -1, -$5::bigint, -$6::bigint, -$7::bigint, -$8::bigint)
     on conflict (account_id, day, model, kind) do update set
       requests = d.requests + excluded.requests, input_tokens = d.input_tokens + excluded.input_tokens,
       output_tokens = d.output_tokens + excluded.output_tokens, images = d.images + excluded.images,
       cost_nano = d.cost_nano + excluded.cost_nano`,
    [accountId, event.at, event.model, event.kind, event.inputTokens, event.outputTokens, event.images, event.cost],
  );
}

async function readPosition(tx: Tx, accountId: string): Promise<Position | null> {
  const { rows } = await tx.query<PositionRow>(
    `select ${POSITION_COLUMNS} from balances where account_id = $1 for no key update`,
    [accountId],
  );
  return rows[0] ? toPosition(rows[0]) : null;
}
