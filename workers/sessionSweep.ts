/** The session sweep: each minute, deletes what is left of sessions and sign-ins that have ended. */
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { sweepSessions } from '../ledger/sessions/sweepSessions';
import { repeat, type Repeating } from './repeat';

const TICK_MS = 60_000;
const ROWS_MAX = 1_000;

/** Several may run beside each other. A session that is not swept yet has ended all the same. */
export const startSessionSweep = ({
  pool,
  log,
  tickMs = TICK_MS,
}: {
  pool: Pool;
  log: Logger;
  tickMs?: number;
}): Repeating =>
  repeat(
    async () => {
      const { sessions, signIns } = await sweepSessions(pool, ROWS_MAX);
      return sessions === ROWS_MAX || signIns === ROWS_MAX;
    },
    tickMs,
    (error) => log.warn({ error: error.message }, 'ended sessions could not be swept; it is tried again'),
  );
