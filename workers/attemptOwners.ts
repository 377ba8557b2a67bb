/** When a worker starts, and each hour: attempts from before a release that asks for them by account are given theirs. */
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { ownAttempts } from '../ledger/reloads/ownAttempts';
import { repeat, type Repeating } from './repeat';

/** A backup that was restored may bring some. */
const TICK_MS = 3_600_000;
const TROUBLE_MS = 5_000;
const ROWS_MAX = 1_000;

/** Several may run beside each other. Until it is done, a timeline takes longer and says the same. */
export const startOwningAttempts = ({ pool, log }: { pool: Pool; log: Logger }): Repeating =>
  repeat(
    async () => (await ownAttempts(pool, ROWS_MAX)) === ROWS_MAX,
    TICK_MS,
    (error) => log.warn({ error: error.message }, 'attempts could not be given their accounts; it is tried again'),
    TROUBLE_MS,
  );
