/** What a request for auto-reload was answered before, so that it is carried out once however often its activity runs. */
import type { ChangedSettings } from './changedSettings';
import type { Db } from '../db';

/** Null when the decision was not made yet. The caller holds the account's lock. */
export async function findAnswer(db: Db, decisionId: string): Promise<ChangedSettings | null> {
  const { rows } = await db.query<{ answer: ChangedSettings | null }>(
    `select known->'answer' as answer from decisions where id = $1`,
    [decisionId],
  );
  return rows[0]?.answer ?? null;
}
