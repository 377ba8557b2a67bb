/** Sets money aside for a request that is about to run, once per idempotency key (B5). */
import type { Nano } from '../../domain/money';
import type { Db } from '../db';
import { POSITION_COLUMNS, toPosition, type Position, type PositionRow } from '../accounts/position';

export type HoldRequest = {
  accountId: string;
  /** At least 0: what a free model costs is held too, so that a caller need not know. Null: it could not be found out; then only a repeat is answered. */
  amount: Nano | null;
  expiresInSeconds: number;
  idempotencyKey: string;
  /** A hash of what was asked, so that the same key with other content is known. */
  requestHash: string;
  /** So many of the account may be open at the same time, this one included. */
  openMax: number;
};
export type PlacedHold =
  /** As it was placed; what has become of a repeated one is no part of it. */
  | { kind: 'placed' | 'repeated'; hold: { id: string; amount: Nano; expiresAt: Date }; position: Position }
  | { kind: 'account_suspended' | 'insufficient_funds'; position: Position }
  /** As many are open as may be. */
  | { kind: 'too_many'; inUse: number }
  | { kind: 'key_reused' | 'unknown_account' | 'no_amount' };

type Row = PositionRow & {
  outcome: PlacedHold['kind'];
  id: string;
  amount_nano: Nano;
  expires_at: Date;
  in_use: number;
};
const columns = POSITION_COLUMNS.split(', ')
  .map((column) => `(account).${column}`)
  .join(', ');

/**
 * One round trip. Simultaneous calls wait for each other at the account's lock, so together they never promise more than
 * is available; repeats under one key find the hold of the first.
 */
export async function placeHold(db: Db, request: HoldRequest): Promise<PlacedHold> {
  const { rows } = await db.query<Row>({
    name: 'place-hold',
    text: `select outcome, (hold).id, (hold).amount_nano, (hold).expires_at, in_use, ${columns} from place_hold($1, $2, $3, $4, $5, $6)`,
    values: [
      request.accountId,
      request.amount?.toString() ?? null,
      request.expiresInSeconds,
      request.idempotencyKey,
      request.requestHash,
      request.openMax,
    ],
  });
  const row = rows[0]!;
  switch (row.outcome) {
    case 'placed':
    case 'repeated':
      return {
        kind: row.outcome,
        hold: { id: row.id, amount: row.amount_nano, expiresAt: row.expires_at },
        position: toPosition(row),
      };
    case 'account_suspended':
    case 'insufficient_funds':
      return { kind: row.outcome, position: toPosition(row) };
    case 'too_many':
      return { kind: row.outcome, inUse: row.in_use };
    case 'key_reused':
    case 'unknown_account':
    case 'no_amount':
      return { kind: row.outcome };
  }
}
