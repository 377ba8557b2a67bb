/** The worker's sign of life for a health check from outside: a file that is touched while Postgres answers and the process is not stuck. */
import { writeFile } from 'node:fs/promises';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { repeat, type Repeating } from './repeat';

const BEAT_MS = 5_000;

export function startHeartbeat(pool: Pool, file: string, log: Logger, beatMs = BEAT_MS): Repeating {
  const beat = async (): Promise<void> => {
    await pool.query('select 1');
    await writeFile(file, '');
  };
  return repeat(beat, beatMs, (error) => log.warn({ error: error.message }, 'the heartbeat could not be noted'));
}
