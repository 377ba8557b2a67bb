/** Nothing new is begun for an account that is being closed. */
import { accountClosed, notFound } from '../../domain/errors';
import type { Tx } from '../db';

/**
 * Keeps the account open until the transaction ends: who closes it waits, and sees what was begun. Throws `not_found` or
 * `account_closed`. Callers that take the account's lock as well take that one first.
 */
export const requireOpenAccount = (tx: Tx, accountId: string): Promise<void> => readOpen(tx, accountId, 'share');

/** The same, and one at a time: whoever counts what an account has, before more is added, waits for the others here. */
export const lockOpenAccount = (tx: Tx, accountId: string): Promise<void> => readOpen(tx, accountId, 'no key update');

async function readOpen(tx: Tx, accountId: string, lock: 'share' | 'no key update'): Promise<void> {
  const { rows } = await tx.query<{ closing_at: Date | null }>(
    `select closing_at from accounts where id = $1 for ${lock}`,
    [accountId],
  );
  if (!rows[0]) throw notFound(`account ${accountId}`);
  if (rows[0].closing_at !== null) throw accountClosed(accountId);
}
