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

/** Whoever writes them is alive. One whose time is over stays so: its content may be gone. */
export async function renewReservations(db: Db, fileIds: readonly string[], seconds: number): Promise<void> {
  await db.query(
    `update files set removed_at = clock_timestamp() + make_interval(secs => $2)
     where id = any($1) and removed_at > clock_timestamp()`,
    [fileIds, seconds],
  );
}

/**
 * It is not to be kept: its content is to go, also what came after its time was over and was erased. False when it was
 * kept after all, although its keeper heard of an error.
 */
export async function dropFile(db: Db, fileId: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `update files set removed_at = least(removed_at, clock_timestamp()), erased = false
     where id = $1 and removed_at is not null`,
    [fileId],
  );
  return rowCount === 1;
}
