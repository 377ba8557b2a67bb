/** Holds as rows: money set aside for requests that are still running (B5). */
import type { Nano } from '../../domain/money';
import type { Db, Tx } from '../db';
import { toPage, type Page, type PageRequest } from '../page';
import { POSITION_COLUMNS, toPosition, type Position, type PositionRow } from '../accounts/position';

/** `expired`: the money went back by itself, but the hold can still be settled or released. */
export type HoldStatus = 'open' | 'settled' | 'released' | 'expired';
export type Hold = {
  id: string;
  accountId: string;
  amount: Nano;
  status: HoldStatus;
  expiresAt: Date;
  /** What it was settled with by its own route; null when usage that named it has settled it. */
  settleHash: string | null;
  /** What the usage cost that settled it; null unless settled. */
  charged: Nano | null;
  /** What went back when it ended; null while it is open. */
  released: Nano | null;
  createdAt: Date;
  endedAt: Date | null;
};

export type HoldRow = {
  id: string;
  account_id: string;
  amount_nano: Nano;
  status: HoldStatus;
  expires_at: Date;
  settle_hash: string | null;
  charged_nano: Nano | null;
  released_nano: Nano | null;
  created_at: Date;
  ended_at: Date | null;
};

export const toHold = (row: HoldRow): Hold => ({
  id: row.id,
  accountId: row.account_id,
  amount: row.amount_nano,
  status: row.status,
  expiresAt: row.expires_at,
  settleHash: row.settle_hash,
  charged: row.charged_nano,
  released: row.released_nano,
  createdAt: row.created_at,
  endedAt: row.ended_at,
});

/** The account's hold, or null: another account's does not exist. */
export async function readHold(db: Db, accountId: string, holdId: string): Promise<Hold | null> {
  const { rows } = await db.query<HoldRow>('select * from holds where id = $2 and account_id = $1', [
    accountId,
    holdId,
  ]);
  return rows[0] ? toHold(rows[0]) : null;
}

/** Newest first. */
export async function listHolds(db: Db, accountId: string, page: PageRequest): Promise<Page<Hold>> {
  const { rows } = await db.query<HoldRow>(
    `select * from holds where account_id = $1
       and ($2::uuid is null or (created_at, id) < (select created_at, id from holds where id = $2 and account_id = $1))
     order by created_at desc, id desc limit $3`,
    [accountId, page.after, page.limit + 1],
  );
  return toPage(rows, page.limit, (row) => row.id, toHold);
}

/** Locks the account, and so all its holds, until the transaction ends. Null when the account has no such hold. */
export async function lockHold(tx: Tx, accountId: string, holdId: string): Promise<Hold | null> {
  await tx.query('select 1 from balances where account_id = $1 for no key update', [accountId]);
  return readHold(tx, accountId, holdId);
}

/** Ends a locked hold that no usage has settled: what it still holds goes back. `settleHash` of one that is settled with what was posted before. */
export async function endHold(
  tx: Tx,
  hold: Hold,
  end: { status: 'released' } | { status: 'settled'; settleHash: string },
): Promise<{ hold: Hold; position: Position }> {
  const held = hold.status === 'open' ? hold.amount : 0n;
  const settleHash = end.status === 'settled' ? end.settleHash : null;
  const { rows: holds } = await tx.query<HoldRow>(
    `update holds set status = $2, settle_hash = $3, charged_nano = $4, released_nano = $5, ended_at = clock_timestamp() where id = $1 returning *`,
    [hold.id, end.status, settleHash, end.status === 'settled' ? 0 : null, held.toString()],
  );
  const { rows: positions } = await tx.query<PositionRow>(
    `update balances set held_nano = held_nano - $2 where account_id = $1 returning ${POSITION_COLUMNS}`,
    [hold.accountId, held.toString()],
  );
  return { hold: toHold(holds[0]!), position: toPosition(positions[0]!) };
}
