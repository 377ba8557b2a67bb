/** Writes down a file whose content is in the store already: a row never leads to nothing. */
import type { Db } from '../db';
import { toFile, type FilePurpose, type FileRow, type StoredFile } from './file';

export type NewFile = {
  id: string;
  accountId: string;
  purpose: FilePurpose;
  filename: string;
  bytes: number;
  input: StoredFile['input'];
  actor: string;
  /** Null: it stays until it is deleted. */
  expiresAfterSeconds: number | null;
};

/** Repeated with the same id, it changes nothing. */
export async function insertFile(db: Db, file: NewFile): Promise<StoredFile> {
  const { rows } = await db.query<FileRow>(
    `insert into files (id, account_id, purpose, filename, bytes, model_id, endpoint, requests, actor, created_at, expires_at)
     select $1, $2, $3, $4, $5, $6, $7, $8, $9, now, now + make_interval(secs => $10) from clock_timestamp() now
     on conflict (id) do update set id = excluded.id returning *`,
    [
      file.id,
      file.accountId,
      file.purpose,
      file.filename,
      file.bytes,
      file.input?.model ?? null,
      file.input?.endpoint ?? null,
      file.input?.requests ?? null,
      file.actor,
      file.expiresAfterSeconds,
    ],
  );
  return toFile(rows[0]!);
}
