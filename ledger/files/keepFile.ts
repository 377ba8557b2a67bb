/** Makes what was reserved a file of its account: its content is in the store, whole. It expires so long after this moment. */
import type { Db } from '../db';
import { toFile, type FileRow, type StoredFile } from './file';
import { ReservationOver } from './reservationOver';

export type KeptFile = {
  id: string;
  filename: string;
  bytes: number;
  input: StoredFile['input'];
  /** Null: it stays until it is deleted. */
  expiresAfterSeconds: number | null;
};

/** @throws {ReservationOver} when it is not reserved any more */
export async function keepFile(
  db: Db,
  { id, filename, bytes, input, expiresAfterSeconds }: KeptFile,
): Promise<StoredFile> {
  const { rows } = await db.query<FileRow>(
    `update files set removed_at = null, filename = $2, bytes = $3, model_id = $4, endpoint = $5, requests = $6,
       created_at = now, expires_at = now + make_interval(secs => $7)
     from clock_timestamp() now
     where id = $1 and removed_at > clock_timestamp() returning *`,
    [id, filename, bytes, input?.model ?? null, input?.endpoint ?? null, input?.requests ?? null, expiresAfterSeconds],
  );
  if (!rows[0]) throw new ReservationOver(id);
  return toFile(rows[0]);
}
