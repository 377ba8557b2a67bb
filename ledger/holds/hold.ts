/** A hold as a row: money that is held for a request which is still running (B5). */
import type { Nano } from '../../domain/money';

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
