/** Starts each limit request's workflow and tells it of the decision; a crash at any line leaves it to be done again: the id is fixed (L6). */
import type { Client } from '@temporalio/client';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { listLimitRequestsToStart } from '../ledger/limits/listLimitRequestsToStart';
import { postponeLimitRequests } from '../ledger/limits/postponeLimitRequests';
import { startLimitRequest } from '../workflows/startLimitRequest';
import { repeat, type Repeating } from './repeat';
import { startEach } from './startEach';

export type LimitRequestStartsOptions = {
  pool: Pool;
  client: Client;
  log: Pick<Logger, 'warn'>;
  /** @default 500 */
  pollMs?: number;
};

/** Started at once; the rest is the next round's. */
const STARTS_MAX = 20;
/** How many polls to leave out when Postgres can't be reached. */
const TROUBLE_POLLS = 10;
/** A workflow that has not ended is looked for so often, since Temporal may have lost it (O4), and told so often. */
const PATIENCE_SECONDS = { pending: 15 * 60, decided: 30 };
/** One that could not be started is tried again after so long, so that it does not hold up the others. */
const TROUBLE_SECONDS = { pending: 5, decided: 5 };

export const startStartingLimitRequests = ({ pool, client, log, pollMs = 500 }: LimitRequestStartsOptions): Repeating =>
  repeat(
    async () => {
      const due = await listLimitRequestsToStart(pool, STARTS_MAX);
      if (due.length === 0) return false;
      const { started, failed } = await startEach(client, due, ({ id, isDecided }) =>
        startLimitRequest(client, id, isDecided),
      );
      await postponeLimitRequests(pool, started, PATIENCE_SECONDS);
      const postponed = failed.map(({ item }) => item);
      await postponeLimitRequests(pool, postponed, TROUBLE_SECONDS);
      if (failed[0])
        log.warn(
          { error: failed[0].error.message, requests: postponed.map(({ id }) => id) },
          'limit requests can not be started; trying again',
        );
      return due.length === STARTS_MAX && failed.length === 0;
    },
    pollMs,
    (error) => log.warn({ error: error.message }, 'limit requests can not be started; trying again'),
    TROUBLE_POLLS * pollMs,
  );
