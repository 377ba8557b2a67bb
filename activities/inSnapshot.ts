/** Work, and the snapshot that tells the workflow what is so after it: one transaction, all or nothing (O4). */
import type { AskedFrom, DecisionRecord, Snapshot } from '../domain/accountState';
import { transaction, type Tx } from '../ledger/db';
import { readSnapshot } from '../ledger/decisions/readSnapshot';
import type { Dependencies } from './dependencies';

/** What every decision's activity is told: whose account, which decision, when, and from what. */
export type Decided = AskedFrom & { decision: DecisionRecord };

export const inSnapshot = (
  { pool, policy }: Pick<Dependencies, 'pool' | 'policy'>,
  asked: AskedFrom,
  work?: (tx: Tx) => Promise<void>,
): Promise<Snapshot> =>
  transaction(pool, async (tx) => {
    await work?.(tx);
    return readSnapshot(tx, asked, policy);
  });
