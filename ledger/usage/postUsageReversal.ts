/** Gives the cost of a usage event back, once per event (B6). The event stays; reports leave it out. */
import { formatMoney, type Nano } from '../../domain/money';
import { recordAudit } from '../audit/audit';
import type { Tx } from '../db';
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
  | { kind: 'unknown_account' | 'unknown_event' };

/** The line, the reversal and the audit in one transaction. Simultaneous calls wait for each other at the account's lock. */
export async function postUsageReversal(
  tx: Tx,
  { accountId, eventId, reason, actor, idempotencyKey }: UsageReversal,
): Promise<UsageReversed> {
  const before = await readPosition(tx, accountId);
  if (!before) return { kind: 'unknown_account' };

  const key = `usage_reversal/${accountId}/${idempotencyKey}`;
  const { rows: standing } = await tx.query<LineRow & { event_id: string; reason: string }>(
    `select l.*, r.event_id, r.reason from ledger_lines l join usage_reversals r using (account_id, sequence)
     where l.key = $1 and l.kind = 'usage_reversal'`,
    [key],
  );
  if (standing[0]) {
    if (standing[0].event_id !== eventId || standing[0].reason !== reason) return { kind: 'key_reused' };
    return { kind: 'posted', repeated: true, line: toTransactionView(standing[0]), position: before };
  }
  const { rows: events } = await tx.query<{ cost_nano: Nano; reversed: boolean }>(
    `select u.cost_nano, r.event_id is not null as reversed from usage_events u left join usage_reversals r using (account_id, event_id)
     where account_id = $1 and event_id = $2`,
    [accountId, eventId],
  );
  if (!events[0]) return { kind: 'unknown_event' };
  if (events[0].reversed) return { kind: 'already_reversed' };

  const cost = events[0].cost_nano;
  const { rows: lines } = await tx.query<LineRow>(
    `select (line).* from post_line($1, 'usage_reversal', 'usage', $2, $3, $4, $5)`,
    [accountId, cost.toString(), key, `event/${eventId}`, reason],
  );
  const line = toTransactionView(lines[0]!);
  await tx.query(
    'insert into usage_reversals (account_id, event_id, sequence, reason, actor) values ($1, $2, $3, $4, $5)',
    [accountId, eventId, line.sequence, reason, actor],
  );
  await recordAudit(tx, accountId, actor, 'usage.reverse', {
    eventId,
    reason,
    amount: formatMoney(cost),
    sequence: line.sequence,
  });
  return { kind: 'posted', repeated: false, line, position: (await readPosition(tx, accountId))! };
}

async function readPosition(tx: Tx, accountId: string): Promise<Position | null> {
  const { rows } = await tx.query<PositionRow>(
    `select ${POSITION_COLUMNS} from balances where account_id = $1 for no key update`,
    [accountId],
  );
  return rows[0] ? toPosition(rows[0]) : null;
}
