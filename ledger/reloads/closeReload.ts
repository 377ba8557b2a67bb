/** Closes a reload that is not paid (A7, A10). Its payment stays open, and its headroom reserved, until it is canceled. */
import type { Tx } from '../db';
import { lockAccount } from '../accounts/lockAccount';

export type Closing = {
  accountId: string;
  reloadId: string;
  state: 'failed' | 'canceled';
  because: string;
  nowMs: number;
};

/** Closing one that is closed changes nothing. */
export async function closeReload(tx: Tx, closing: Closing): Promise<void> {
  await lockAccount(tx, closing.accountId);
  await tx.query(
    `update reloads set state = $3, because = $4, closed_at = $5 where id = $1 and account_id = $2 and closed_at is null`,
    [closing.reloadId, closing.accountId, closing.state, closing.because, new Date(closing.nowMs)],
  );
}
