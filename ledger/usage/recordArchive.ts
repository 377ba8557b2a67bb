/** Records that a month of usage is in a file, before the month may be dropped (B8). */
import type { Db } from '../db';
import type { Archive } from './listArchives';

export type NewArchive = Pick<Archive, 'month' | 'file' | 'sha256' | 'bytes' | 'events' | 'cost' | 'postings'>;

/** A month that is recorded already stays as it is: its file has the same events. */
export async function recordArchive(db: Db, archive: NewArchive): Promise<void> {
  await db.query(
    `insert into usage_archives (month, file, sha256, bytes, events, cost_nano, first_posting, last_posting)
     values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (month) do nothing`,
    [
      archive.month,
      archive.file,
      archive.sha256,
      archive.bytes,
      archive.events,
      archive.cost,
      archive.postings.first,
      archive.postings.last,
    ],
  );
}
