/** Keeps reconciliation scheduled: with its data Temporal loses the schedule, while workers go on (O4, P6). */
import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import { scheduleReconcile } from '../workflows/startReconcile';
import { repeat, type Repeating } from './repeat';

const TICK_MS = 60_000;

/** @param tickMs @default a minute */
export const startSchedulingReconcile = ({
  client,
  log,
  tickMs = TICK_MS,
}: {
  client: Client;
  log: Pick<Logger, 'error'>;
  tickMs?: number;
}): Repeating =>
  repeat(
    () => scheduleReconcile(client),
    tickMs,
    // Charging goes on without it: an operator must see to it that it is made.
    (error) => log.error({ error: error.message }, 'reconciliation could not be scheduled'),
  );
