/** Makes an upload a file of its account: its content is in the store, whole and checked. It expires so long after this moment. */
import type { Db } from '../db';
import { toFile, type FileRow, type StoredFile } from './file';

export type KeptFile = {
  id: string;
  filename: string;
  bytes: number;
  input: NonNullable<StoredFile['input']>;
  expiresAfterSeconds: number;
};

/** Throws when its reservation is gone. */
export async function keepFile(
  db: Db,
  { id, filename, bytes, input, expiresAfterSeconds }: KeptFile,
): Promise<StoredFile> {
  const { rows } = await db.query<FileRow>(
    `update files set removed_at = null, filename = $2, bytes = $3, model_id = $4, endpoint = $5, requests = $6,
       created_at = now, expires_at = now + make_interval(secs => $7)
     from clock_timestamp() now
     where id = $1 and removed_at > clock_timestamp() returning *`,
    [id, filename, bytes, input.model, input.endpoint, input.requests, expiresAfterSeconds],
  );
  if (!rows[0]) throw new Error(`the upload of ${id} took too long`);
  return toFile(rows[0]);
}
