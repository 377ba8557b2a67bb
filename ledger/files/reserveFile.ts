/** Writes down that a file is being written: whatever becomes of the process, its content is removed unless it is kept. */
import type { Db } from '../db';
import type { FilePurpose } from './file';

export type Reservation = {
  id: string;
  accountId: string;
  purpose: FilePurpose;
  filename: string;
  actor: string;
  /** For so long from now. */
  seconds: number;
};

export async function reserveFile(db: Db, file: Reservation): Promise<void> {
  await db.query(
    `insert into files (id, account_id, purpose, filename, bytes, actor, removed_at)
     values ($1, $2, $3, $4, 0, $5, clock_timestamp() + make_interval(secs => $6))`,
    [file.id, file.accountId, file.purpose, file.filename, file.actor, file.seconds],
  );
}
