/** Accounts and events for tests that need the ledger only. */
import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import { parseMoney } from '../../domain/money';
import { createAccount } from '../../ledger/accounts/createAccount';
import { transaction } from '../../ledger/db';
import type { PricedEvent } from '../../ledger/usage/postUsage';

export async function openAccount(pool: Pool, id = `acct_${randomUUID().slice(0, 8)}`): Promise<string> {
  await transaction(pool, (tx) =>
    createAccount(
      tx,
      {
        id,
        name: 'Test',
        tier: 'standard',
        members: [{ name: 'Olga', email: `${id}@example.com`, role: 'owner' }],
      },
      { trigger: 'at_or_below', retryDelaysMs: [] },
    ),
  );
  return id;
}

/** Posts an adjustment of so many dollars. */
export async function credit(
  pool: Pool,
  accountId: string,
  dollars: string,
  key: string = randomUUID(),
): Promise<void> {
  await pool.query(`select post_line($1, 'adjustment', 'adjustments', $2, $3, 'test', 'test')`, [
    accountId,
    parseMoney(dollars).toString(),
    `test/${key}`,
  ]);
}

export const priced = (
  accountId: string,
  id: string,
  dollars: string,
  more: Partial<PricedEvent> = {},
): PricedEvent => ({
  id,
  accountId,
  model: 'm',
  inputTokens: 1,
  cachedInputTokens: 0,
  outputTokens: 0,
  images: 0,
  imageSize: null,
  atMs: 1_700_000_000_000,
  holdId: null,
  cost: parseMoney(dollars),
  ...more,
});
