/** When a worker starts, and each day: accounts get the levels that this deployment's settings give them. */
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { Policy } from '../domain/accountState';
import { fitLevels } from '../ledger/settings/fitLevels';
import { repeat, type Repeating } from './repeat';

/** While releases change, workers may have different settings: a day apart, they don't undo each other's for long. */
const TICK_MS = 24 * 3_600_000;
const TROUBLE_MS = 5_000;
const ACCOUNTS_MAX = 1_000;

/** Several may run beside each other. One that fails goes on where it was. */
export function startLevels({ pool, log, policy }: { pool: Pool; log: Logger; policy: Policy }): Repeating {
  let after: string | null = null;
  return repeat(
    async () => {
      const { fitted, last } = await fitLevels(pool, policy, after, ACCOUNTS_MAX);
      if (fitted > 0) log.info({ accounts: fitted }, 'levels now follow the settings of this deployment');
      after = last;
      return after !== null;
    },
    TICK_MS,
    (error) => log.warn({ error: error.message }, 'levels could not be brought in line; it is tried again'),
    TROUBLE_MS,
  );
}
