/** Writes down a job's requests before the first is handed out. */
import type { Nano } from '../../domain/money';
import type { Tx } from '../db';
import { OPEN_STATUSES } from './batch';

export type NewRequest = {
  line: number;
  customId: string;
  /** Where its line lies in the input file, in bytes. */
  offset: number;
  length: number;
  /** What it reserves of the job's tokens and money. */
  tokens: number;
  held: Nano;
};

/**
 * Repeated, it changes nothing: whoever died on the way begins again. A job that has ended meanwhile gets none: nothing
 * would remove them.
 */
export async function insertRequests(tx: Tx, batchId: string, requests: readonly NewRequest[]): Promise<void> {
  const open = await tx.query(`select from batches where id = $1 and status in ${OPEN_STATUSES} for no key update`, [
    batchId,
  ]);
  if (open.rowCount === 0) return;
  await tx.query(
    `insert into batch_requests (batch_id, line, custom_id, byte_offset, byte_length, tokens, held_nano)
     select $1, * from unnest($2::int[], $3::text[], $4::bigint[], $5::int[], $6::bigint[], $7::bigint[])
     on conflict do nothing`,
    [
      batchId,
      requests.map(({ line }) => line),
      requests.map(({ customId }) => customId),
      requests.map(({ offset }) => offset),
      requests.map(({ length }) => length),
      requests.map(({ tokens }) => tokens),
      requests.map(({ held }) => held.toString()),
    ],
  );
}
