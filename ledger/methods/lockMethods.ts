/** The lock of an account's methods is the account's own. */
import type { Tx } from '../db';
import type { Position } from '../accounts/position';
import { raiseNews } from '../accounts/raiseNews';

/** Locks the account until the transaction ends, and has its workflow read the methods again. */
export const lockMethods = (tx: Tx, accountId: string): Promise<Position> => raiseNews(tx, accountId);
