/** Lists the months of usage that are in files (B8), oldest first. */
import type { Nano } from '../../domain/money';
import type { Db } from '../db';

export type Archive = {
  /** UTC, such as 2026-11. */
  month: string;
  /** Its name in the archive folder. */
  file: string;
  sha256: string;
  bytes: number;
  events: number;
  cost: Nano;
  /** The range of commits whose events are in it; a commit at a month's edge may be in its neighbour's range too. */
  postings: { first: bigint; last: bigint };
  writtenAt: Date;
  /** Null while the events are in the database too. */
  droppedAt: Date | null;
  /** A month that was restored is not dropped again before. */
  keptUntil: Date | null;
};

type Row = {
  month: string;
  file: string;
  sha256: string;
  bytes: bigint;
  events: bigint;
  cost_nano: string;
  first_posting: bigint;
  last_posting: bigint;
  written_at: Date;
  dropped_at: Date | null;
  kept_until: Date | null;
};

/** @param which `dropped`: only those whose events have left the database */
export async function listArchives(db: Db, which: 'all' | 'dropped'): Promise<Archive[]> {
  const { rows } = await db.query<Row>(
    'select * from usage_archives where $1 or dropped_at is not null order by month',
    [which === 'all'],
  );
  return rows.map((row) => ({
    month: row.month,
    file: row.file,
    sha256: row.sha256,
    bytes: Number(row.bytes),
    events: Number(row.events),
    cost: BigInt(row.cost_nano) as Nano,
    postings: { first: row.first_posting, last: row.last_posting },
    writtenAt: row.written_at,
    droppedAt: row.dropped_at,
    keptUntil: row.kept_until,
  }));
}
