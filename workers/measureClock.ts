/** Keeps a worker's clock in step with the database's: nothing else that it asks tells the time. */
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { measureClock, type Clock } from '../ledger/clock';
import { repeat, type Repeating } from './repeat';

const TICK_MS = 10_000;

export const startMeasuringClock = ({ pool, clock, log }: { pool: Pool; clock: Clock; log: Logger }): Repeating =>
  repeat(
    () => measureClock(pool, clock),
    TICK_MS,
    (error) => log.warn({ error: error.message }, "the database's clock could not be read"),
  );
