/** Deletes what has ended: sessions by their age or idleness, and sign-ins that nobody counts any more. */
import type { Db } from '../db';
import { IDLE_SECONDS_MAX, SESSION_SECONDS_MAX } from './session';

/** How many rows were deleted of each, at most `limit`: more may be left. */
export async function sweepSessions(db: Db, limit: number): Promise<{ sessions: number; signIns: number }> {
  const sessions = await db.query(
    `delete from sessions where hash in (
       select hash from sessions where created_at < now() - make_interval(secs => $2) or used_at < now() - make_interval(secs => $3)
       limit $1 for update skip locked)`,
    [limit, SESSION_SECONDS_MAX, IDLE_SECONDS_MAX],
  );
  const signIns = await db.query(
    `delete from sign_ins where id in (
       select id from sign_ins where created_at < now() - interval '1 day' limit $1 for update skip locked)`,
    [limit],
  );
  return { sessions: sessions.rowCount ?? 0, signIns: signIns.rowCount ?? 0 };
}
